/** The way to mend a plugin that breaks a rule of the contract, by the name of the rule. */
export const ADVICE: Readonly<Record<string, string>> = {
  'is well formed':
    'Define it with defineReceiver, defineProcessor, defineExporter or defineExtension; the type is lower_snake_case, the description a sentence.',
  'every option has a description, and a default unless it is required':
    'Give each option a description, and a default or a place in required; name those that may be left out in optional.',
  'takes its defaults and no unknown option':
    'Give the options that it needs in config; nested objects have properties, and no additionalProperties.',
  'creating it touches nothing': 'Open sockets, files and timers in start; create only keeps what it is given.',
  'tells about itself without a change':
    'Let figures and explain read only: the series of an explanation need not be in the table.',
  'may be stopped without a start': 'Let stop end only what is open.',
  'may be started and stopped twice': 'Let a second start, and a second stop, do nothing.',
  'completes its batches when it stops': 'Complete batches$ in drain or in stop, and not before.',
  'can be fed by tests, if it says so':
    'Give the receiver a method feed, and each property of its input a description.',
  'takes every kind of block':
    'Send all items that its port lets in, or throw an ExportError that names those it cannot send; without a backend, check it as unreachable.',
  'may be retried while its backend is unreachable':
    'Let errors of the network out as they are, or throw an ExportError with retryable: true.',
  'ends when its time is over': 'Pass the signal on, as in fetch(url, { signal }), or reject when it fires.',
  'settles every batch if every batch is acknowledged':
    'End or forward each batch once, and book what is absorbed, held, produced and dropped in context.account.',
  'settles every batch if some batches are nacked':
    'Hand the outcome of the output on: keep the batch itself, or nack it if its output is nacked.',
  'settles every batch if some batches are dropped':
    'Hand the outcome of the output on; items that others drop are not dropped here once more.',
  'nacks a batch it fails at, and continues': 'Let the error out, and keep nothing of the batch that failed.',
  'does not change the blocks it is given': 'Make a new block with PointBlockBuilder: branches share the old one.',
  'takes its own snapshot, and none that is damaged': 'Write snapshots with sealState and read them with openState.',
  'emits a nacked batch when it comes again':
    'Forget what is known of a batch if its output is nacked: it comes again, and must count.',
  'continues from its snapshot as if nothing had happened':
    'Put all state into the snapshot, and take time from context.clock only.',
  'writes down the same in steps as in one piece':
    'Make the bytes of snapshot and of snapshotInSteps by the same code.',
  'has the batches it holds in its snapshot, or settles them':
    'Put the blocks of batches that it holds into the snapshot, and adopt them when it is restored.'
}
