// Loaded before each test file. The setting of scripts/test.ts is for this process, whose allocator has read it by now.
// The programs that it starts allocate as users' do.
delete process.env.MALLOC_MMAP_THRESHOLD_
