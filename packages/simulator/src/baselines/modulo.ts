import type { Member, StrategyFactory } from '@kitsune/want-router'

/**
 * The block's hash modulo the number of members: plain hashing, which is not
 * consistent. When a member leaves, nearly every block moves.
 */
export function modulo (): StrategyFactory {
  return () => {
    let members: readonly Member[] = []

    return {
      update (changed) { members = changed },

      * rank ({ hash }) {
        for (let i = 0; i < members.length; i++) {
          yield members[(hash + i) % members.length]
        }
      }
    }
  }
}
