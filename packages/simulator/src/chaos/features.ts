/**
 * What a run can meet. A batch says in how many runs each was met, so that one
 * that is no longer drawn is noticed.
 */
export const FEATURES = {
  'default strategy': 'the strategy of a router without a strategy option',
  'wrapped strategy': 'an algorithm with decorators around it',
  'three decorators': 'or more, around each other',
  presence: 'the decorator that learns which members often miss blocks',
  avoiding: 'a member was a last resort of the strategy',
  'slow verification': 'a block reached the engine later than it came',
  'taking at once': 'a client took something within the call that woke it',
  stall: 'the process stood still while answers waited in its sockets',
  'empty block': 'a block of no bytes was sent to a client',
  'identity CID': 'a client wanted a block that its CID contains',
  'unverifiable CID': 'a client used a CID whose hash function is unknown',
  'queued want-haves': 'want-haves waited that no member had been asked for',
  backlog: 'a want that members had been asked for waited for a busy one that had not',
  'exhausted window': 'a member had as many wants open as it takes',
  'asked again': 'a member was asked again for a block',
  hedge: 'a want-have was asked of a second member',
  retry: 'a try that failed was repeated within the budget',
  timeout: 'a member did not answer in time',
  ejection: 'a member was ejected',
  readmission: 'a member returned from an ejection',
  panic: 'so few members were healthy that the engine ignored health',
  eviction: 'a client wanted more than it may',
  expiry: 'a want outlived its time',
  'lost copy': 'a copy was not kept for a client whose window was full',
  'closed unread': 'a client that read nothing was closed',
  drain: 'the router drained',
  'member joins': 'a member was added',
  'member leaves': 'a member was removed',
  'name again': 'a member was added under the name of one that was removed',
  'member drains': 'a member was drained while something was open at it',
  'member resumes': 'a member that drained was asked again',
  'member reweighed': 'a member was given another weight',
  'silent connection': 'a connection of a client fell silent',
  'connection heard again': 'and was heard again',
  'lost connection': 'one of several connections of a client was lost',
  'stands for': 'a client said that it stands for another peer',
  'client is member': 'a client was a member, too',
  parked: 'a want waited for its verdict',
  refusal: 'a policy refused a want',
  restriction: 'a policy restricted a want to some members',
  'strict restriction': 'a policy restricted a want to blocks sent by some members',
  'upgrade asked about': 'an admitted want-have became a want-block',
  review: 'a policy gave a new verdict on a want that it had restricted',
  'deferred verdict': 'a policy resolved a verdict that it had deferred',
  'stale verdict': 'a verdict came for a want that no longer waited',
  'several policies': 'more than one policy gave verdicts',
  'failed policy': 'a policy threw, or answered with something that is not a verdict',
  'policy timeout': 'a policy did not resolve a deferred verdict in time',
  'both directions': 'a client was served by a node, and a node by a client',
  'local call': 'a call within the process got its block',
  'call given up': 'and another was given up'
} as const

/** The name of something that a run can meet. */
export type Feature = keyof typeof FEATURES

/** The number of runs in which each feature was met. */
export type FeatureCounts = Readonly<Partial<Record<Feature, number>>>

/** Adds the counts of two batches. */
export function addFeatures (counts: FeatureCounts, more: FeatureCounts): FeatureCounts {
  const sum: Partial<Record<Feature, number>> = { ...counts }

  for (const [feature, count] of Object.entries(more) as Array<[Feature, number]>) {
    sum[feature] = (sum[feature] ?? 0) + count
  }

  return sum
}

/** A line for each feature, with its share of the runs. */
export function printFeatures (counts: FeatureCounts, runs: number): string {
  return (Object.keys(FEATURES) as Feature[])
    .map(feature => `${(100 * (counts[feature] ?? 0) / runs).toFixed(0).padStart(4)}%  ${feature}: ${FEATURES[feature]}`)
    .join('\n')
}
