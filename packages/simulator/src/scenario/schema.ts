/**
 * A scenario is data: every parameter is stated here with its unit, its default
 * and what it means, so that a file of a few lines says all that it does and a
 * report can print what was simulated.
 */
import { z } from 'zod'

const share = z.number().min(0).max(1)
const positive = z.number().positive()
const count = z.int().min(1)
/** A moment or a length of time, ms. */
const ms = z.number().min(0)
const name = z.string().min(1).max(64).regex(/^[\w.-]+$/, 'write letters, digits, dots, hyphens and underscores')

/** A number that varies. A plain number is constant. */
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
], { error: 'is neither a number of at least 0 nor { kind: uniform | exponential | lognormal | mixture, … }' }))

const popularity = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('zipf'),
    blocks: count.describe('blocks in the catalogue, which all upstream groups share'),
    s: z.number().min(0).default(1).describe('exponent: the block of rank r is asked for r^s times less often than the first')
  }),
  z.strictObject({ kind: z.literal('uniform'), blocks: count.describe('blocks in the catalogue') }),
  z.strictObject({
    kind: z.literal('hot'),
    share: share.describe('share of the wants that are for one block'),
    blocks: count.min(2).describe('blocks in the catalogue; the others are asked for alike')
  }),
  z.strictObject({ kind: z.literal('new') }).describe('every want is for a block that nobody asked for before'),
  z.strictObject({ kind: z.literal('absent') }).describe('every want is for a block that nobody has')
])

const phase = z.strictObject({
  from: ms.describe('when it begins, ms'),
  to: ms.optional().describe('when it ends, ms; default: never'),
  every: positive.optional().describe('ms after which it comes again; default: once'),
  slow: positive.default(1).describe('service, cache hits, presences and network take so many times as long'),
  down: z.boolean().default(false).describe('its connection is closed and what it owed is lost'),
  stalled: z.boolean().default(false).describe('it answers nothing until the phase ends'),
  cold: z.boolean().default(false).describe('it begins with an empty cache'),
  holds: share.optional().describe('share of the blocks that it holds meanwhile'),
  others: z.number().min(0).optional().describe('blocks a second that others ask it for meanwhile')
})

const member = z.strictObject({
  id: name.describe('name; with a count the members are called name-1, name-2, …'),
  count: count.max(1000).default(1).describe('how many such members there are'),
  weight: positive.default(1).describe('share of the work relative to the others'),
  labels: z.record(z.string(), z.string()).default({}).describe('labels that strategies can read, as tiers do'),
  network: distribution.default(1).describe('ms that every answer takes beside the work on it: the round trip'),
  service: distribution.default(5).describe('ms of work on a block, which keeps one worker busy'),
  workers: count.optional().describe('blocks it works on at a time, the others queue; default: without limit'),
  presence: distribution.default(0).describe('ms to say HAVE or DONT_HAVE, beside the queue'),
  bandwidth: positive.optional().describe('bytes a second for all its blocks together; default: without limit'),
  others: z.number().min(0).default(0).describe('blocks a second that others ask it for, which the router cannot see: they take workers, and `service`'),
  holds: share.default(1).describe('share of all blocks that it holds, chosen by hash'),
  cache: z.strictObject({
    blocks: count.describe('blocks that it keeps, the least recently used goes first'),
    hit: distribution.describe('ms of work on a block that is in the cache; others take `service`')
  }).optional().describe('a cache before its store; default: none'),
  phases: z.array(phase).default([]).describe('times in which it behaves otherwise; where they overlap the later in the list wins')
})

const upstream = z.strictObject({
  id: name.describe('name of the group; its peers are called name-1, name-2, …'),
  count: count.max(100_000).default(1).describe('peers in the group'),
  arrivals: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('poisson'),
      rate: positive.describe('wants a second of the whole group, whatever becomes of them (an open loop)')
    }),
    z.strictObject({
      kind: z.literal('closed'),
      open: count.describe('wants that each peer has open at a time; the next follows an answer'),
      think: distribution.default(0).describe('ms between an answer and the next want')
    })
  ]).describe('when wants are made'),
  popularity: popularity.describe('what they are for'),
  type: z.enum(['block', 'have']).default('block').describe('want-block, or want-have: then HAVE is the answer'),
  batch: count.max(1024).default(1).describe('wants of a message, of an open loop'),
  bandwidth: positive.optional().describe('bytes a second that each peer reads; default: without limit'),
  patience: positive.default(30_000).describe('ms after which a peer cancels a want and counts it as unserved'),
  from: ms.default(0).describe('when the group begins, ms'),
  to: ms.optional().describe('when it ends, ms; default: never')
})

const limits = z.record(z.string(), z.number())

export const scenarioSchema = z.strictObject({
  name: name.describe('name on the command line'),
  title: z.string().min(1).max(200).describe('the question that it answers'),
  about: z.string().default('').describe('why it is modelled so, and what to look at'),
  duration: positive.describe('simulated ms'),
  warmup: ms.default(0).describe('ms at the beginning that do not count in the totals'),
  buckets: count.max(1000).default(60).describe('points of each plot over time'),
  sizes: distribution.default(16_384).describe('bytes of a block, a function of its key'),
  copies: count.optional().describe('each block is at exactly so many members, chosen by hash; default: as members say by `holds`'),
  members: z.array(member).min(1).describe('downstream'),
  upstream: z.array(upstream).min(1).describe('who asks'),
  limits: limits.default({}).describe('options of the engine that differ from its defaults'),
  variants: z.record(z.string().min(1), limits).default({}).describe('options of the engine by name: each strategy runs once with each of them'),
  moves: ms.optional().describe('the blocks\' members before and after this moment are compared, ms'),
  strategies: z.array(z.string()).min(1).default(['round-robin', 'least-loaded', 'rendezvous']).describe('what is compared unless --strategies is given')
}).superRefine((scenario, context) => {
  const ids = memberIds(scenario)
  const twice = ids.find((id, i) => ids.indexOf(id) !== i)
  if (twice != null) {
    context.addIssue({ code: 'custom', path: ['members'], message: `two members are called "${twice}"` })
  }
  const groups = scenario.upstream.map(({ id }) => id)
  const again = groups.find((id, i) => groups.indexOf(id) !== i)
  if (again != null) {
    context.addIssue({ code: 'custom', path: ['upstream'], message: `two groups are called "${again}"` })
  }
  if (scenario.warmup >= scenario.duration) {
    context.addIssue({ code: 'custom', path: ['warmup'], message: 'is not shorter than the duration' })
  }
})

/** As it is written, defaults left out. */
export type Scenario = z.input<typeof scenarioSchema>
/** With its defaults. */
export type FullScenario = z.output<typeof scenarioSchema>
export type MemberModel = FullScenario['members'][number]
export type Phase = MemberModel['phases'][number]
export type UpstreamModel = FullScenario['upstream'][number]
export type Popularity = UpstreamModel['popularity']

/** The ids of all members, in order. */
export function memberIds ({ members }: { members: ReadonlyArray<Pick<MemberModel, 'id' | 'count'>> }): string[] {
  return members.flatMap(({ id, count }) => count === 1 ? [id] : Array.from({ length: count }, (_, i) => `${id}-${i + 1}`))
}
