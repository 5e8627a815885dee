import type { WantEnd } from './engine/status.ts'
import type { Outcome } from './strategies/strategy.ts'
import type { Metrics } from '@libp2p/interface'

/** What the times are taken from, as it happens. */
export interface LatencyMetrics {
  /** Wants of clients have ended. */
  ended (ends: readonly WantEnd[]): void
  /** An attempt at a member has ended. */
  attemptEnded (outcome: Outcome): void
  /** Some member has left: the times of members start over, since those of one cannot be taken out by themselves. */
  memberLeft (): void
}

// s: from what a node on the same machine takes to what a client waits for at most
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/**
 * Registers histograms of the time to the first answer and to the block: of all
 * clients together, since anyone can make more of those, and of each member. A
 * want is counted when it ends, and an attempt when it is answered.
 */
export function registerLatencyMetrics (metrics: Metrics): LatencyMetrics {
  const buckets = BUCKETS
  const label = 'member'
  const firstAnswer = metrics.registerHistogram('kitsune_router_first_answer_seconds', { buckets, help: 'Time from the arrival of a want to its first answer: HAVE, DONT_HAVE or the block' })
  const block = metrics.registerHistogram('kitsune_router_block_seconds', { buckets, help: 'Time from the arrival of a want for a block to the block' })
  const memberAnswer = metrics.registerHistogramGroup('kitsune_router_member_first_answer_seconds', { buckets, label, help: 'Time from an ask to the first answer of a member: HAVE, DONT_HAVE or the block' })
  const memberBlock = metrics.registerHistogramGroup('kitsune_router_member_block_seconds', { buckets, label, help: 'Time from an ask to the block of a member' })

  return {
    ended (ends) {
      for (const { firstAnswerMs, blockMs } of ends) {
        if (firstAnswerMs != null) {
          firstAnswer.observe(firstAnswerMs / 1000)
        }

        if (blockMs != null) {
          block.observe(blockMs / 1000)
        }
      }
    },

    attemptEnded ({ member, result, ms }) {
      const isBlock = result === 'block'

      if (isBlock || result === 'have' || result === 'dont-have') {
        const values = { [member]: ms / 1000 }
        memberAnswer.observe(values)

        if (isBlock) {
          memberBlock.observe(values)
        }
      }
    },

    memberLeft () {
      memberAnswer.reset()
      memberBlock.reset()
    }
  }
}
