/** The part of a fetch request for one partition. Leaders are not told apart by epochs: the client follows them. */
export const wantedRecords = (partition: number, from: bigint, maxBytes: number) => ({
  partition,
  currentLeaderEpoch: -1,
  fetchOffset: from,
  lastFetchedEpoch: -1,
  partitionMaxBytes: maxBytes
})
