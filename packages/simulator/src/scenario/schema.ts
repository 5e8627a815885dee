/**
 * A scenario is data. Every parameter is declared here with its unit, its default and
 * its meaning, so that a scenario takes a few lines and a report can print all that was
 * simulated.
 */
import { z } from 'zod'

const share = z.number().min(0).max(1)
const positive = z.number().positive()
const count = z.int().min(1)
/** A moment or a length of time, ms. */
const ms = z.number().min(0)
const name = z.string().min(1).max(64).regex(/^[\w.-]+$/, 'write letters, digits, dots, hyphens and underscores')

/** A random number. A plain number is constant. */
export type Distribution =
  | number
  | { kind: 'uniform', from: number, to: number }
  | { kind: 'exponential', mean: number }
  /** `median` times e to a normal deviate of standard deviation `sigma`. */
  | { kind: 'lognormal', median: number, sigma: number }
  /** Shares need not add up to 1. */
  | { kind: 'mixture', parts: ReadonlyArray<{ share: number, of: Distribution }> }

const distribution: z.ZodType<Distribution> = z.lazy(() => z.union([
  z.number().min(0),
  z.strictObject({ kind: z.literal('uniform'), from: z.number().min(0), to: z.number().min(0) }),
  z.strictObject({ kind: z.literal('exponential'), mean: positive }),
  z.strictObject({ kind: z.literal('lognormal'), median: positive, sigma: z.number().min(0) }),
  z.strictObject({ kind: z.literal('mixture'), parts: z.array(z.strictObject({ share: positive, of: distribution })).min(1) })
], { error: 'must be a number of at least 0 or { kind: uniform | exponential | lognormal | mixture, … }' }))

const popularity = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('zipf'),
    blocks: count.describe('blocks in the catalogue, which all groups of clients share'),
    s: z.number().min(0).default(1).describe('exponent: the block of rank r is wanted r^s times less often than the first')
  }),
  z.strictObject({ kind: z.literal('uniform'), blocks: count.describe('blocks in the catalogue') }),
  z.strictObject({
    kind: z.literal('hot'),
    share: share.describe('share of the wants that are for the one hot block'),
    blocks: count.min(2).describe('blocks in the catalogue; the others share the rest of the wants equally')
  }),
  z.strictObject({ kind: z.literal('new') }).describe('every want is for a block that was never wanted before'),
  z.strictObject({ kind: z.literal('absent') }).describe('every want is for a block that no member has')
])

const phase = z.strictObject({
  from: ms.describe('when it begins, ms'),
  to: ms.optional().describe('when it ends, ms; default: never'),
  every: positive.optional().describe('ms after which it comes again; default: once'),
  slow: positive.default(1).describe('service, cache hits, presences and network take this many times as long'),
  down: z.boolean().default(false).describe('its connection is closed, and the answers that it owed are lost'),
  stalled: z.boolean().default(false).describe('it answers nothing until the phase ends'),
  cold: z.boolean().default(false).describe('it begins with an empty cache'),
  holds: share.optional().describe('share of the blocks that it holds during the phase'),
  others: z.number().min(0).optional().describe('blocks a second that others ask it for during the phase')
})

const member = z.strictObject({
  id: name.describe('name; with a count the members are called name-1, name-2, …'),
  count: count.max(1000).default(1).describe('how many such members there are'),
  weight: positive.default(1).describe('share of the work relative to the others'),
  labels: z.record(z.string(), z.string()).default({}).describe('labels that strategies can read, as tiers do'),
  network: distribution.default(1).describe('ms that every answer takes in addition to the work on it: the round trip'),
  service: distribution.default(5).describe('ms of work on a block, during which one worker is busy'),
  workers: count.optional().describe('blocks it works on at a time, while others queue; default: without limit'),
  presence: distribution.default(0).describe('ms to say HAVE or DONT_HAVE, outside the queue'),
  bandwidth: positive.optional().describe('bytes a second of all its blocks together; default: without limit'),
  others: z.number().min(0).default(0).describe('blocks a second that others ask it for, which the router cannot see: they take workers, and `service`'),
  holds: share.default(1).describe('share of all blocks that it holds, chosen by hash'),
  cache: z.strictObject({
    blocks: count.describe('blocks that it keeps; the least recently used is evicted first'),
    hit: distribution.describe('ms of work on a block that is in the cache; others take `service`')
  }).optional().describe('a cache in front of its store; default: none'),
  phases: z.array(phase).default([]).describe('times in which it behaves differently; where they overlap, the later one in the list wins')
})

const client = z.strictObject({
  id: name.describe('name of the group; its clients are called name-1, name-2, …'),
  count: count.max(100_000).default(1).describe('clients in the group'),
  arrivals: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('poisson'),
      rate: positive.describe('wants a second of the whole group, independent of the answers (an open loop)')
    }),
    z.strictObject({
      kind: z.literal('closed'),
      open: count.describe('wants that each client has open at a time; the next follows an answer'),
      think: distribution.default(0).describe('ms between an answer and the next want')
    })
  ]).describe('when wants are made'),
  popularity: popularity.describe('which blocks the wants are for'),
  type: z.enum(['block', 'have']).default('block').describe('want-block, or want-have: then HAVE is the answer'),
  batch: count.max(1024).default(1).describe('wants in a message, in an open loop'),
  bandwidth: positive.optional().describe('bytes a second that each client reads; default: without limit'),
  cancelAfter: positive.default(30_000).describe('ms after which a client cancels a want and counts it as unserved'),
  from: ms.default(0).describe('when the group starts, ms'),
  to: ms.optional().describe('when it ends, ms; default: never')
})

const limits = z.record(z.string(), z.number())

/** Checks a scenario and fills in defaults. */
export const scenarioSchema = z.strictObject({
  name: name.describe('name on the command line'),
  title: z.string().min(1).max(200).describe('the question that it answers'),
  about: z.string().default('').describe('why it is modelled like this, and what to look for'),
  duration: positive.describe('simulated ms'),
  warmup: ms.default(0).describe('ms at the start that do not count in the totals'),
  buckets: count.max(1000).default(60).describe('points of each plot over time'),
  sizes: distribution.default(16_384).describe('bytes of a block, a function of its key'),
  copies: count.optional().describe('each block is at exactly this many members, chosen by hash; default: as each member\'s `holds` says'),
  members: z.array(member).min(1).describe('the nodes'),
  clients: z.array(client).min(1).describe('groups of clients'),
  limits: limits.default({}).describe('options of the engine that differ from its defaults'),
  variants: z.record(z.string().min(1), limits).default({}).describe('sets of options of the engine by name: each strategy runs once with each of them'),
  moves: ms.optional().describe('a moment, ms: for each block, the members that were asked before and after it are compared'),
  strategies: z.array(z.string()).min(1).default(['round-robin', 'least-loaded', 'rendezvous']).describe('the strategies that are compared unless --strategies is given')
}).superRefine((scenario, context) => {
  const ids = memberIds(scenario)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)

  if (twice != null) {
    context.addIssue({ code: 'custom', path: ['members'], message: `two members are called "${twice}"` })
  }

  const groups = scenario.clients.map(({ id }) => id)
  const again = groups.find((id, i) => groups.indexOf(id) !== i)

  if (again != null) {
    context.addIssue({ code: 'custom', path: ['clients'], message: `two groups are called "${again}"` })
  }

  if (scenario.warmup >= scenario.duration) {
    context.addIssue({ code: 'custom', path: ['warmup'], message: 'must be shorter than the duration' })
  }
})

/** A scenario as written, without its defaults. */
export type Scenario = z.input<typeof scenarioSchema>
/** A scenario with its defaults. */
export type FullScenario = z.output<typeof scenarioSchema>
/** A group of identical members. */
export type MemberModel = FullScenario['members'][number]
/** A phase in which members behave differently. */
export type Phase = MemberModel['phases'][number]
/** A group of identical clients. */
export type ClientModel = FullScenario['clients'][number]
/** How often each block is wanted. */
export type Popularity = ClientModel['popularity']

/** The ids of all members, in order. */
export function memberIds ({ members }: { members: ReadonlyArray<Pick<MemberModel, 'id' | 'count'>> }): string[] {
  return members.flatMap(({ id, count }) => count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}-${i + 1}`))
}
