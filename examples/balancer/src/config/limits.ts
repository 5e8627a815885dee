import { DEFAULT_HOST_LIMITS } from '@kitsune/host'
import { DEFAULT_PRELOAD_LIMITS } from '@kitsune/preload'
import { DEFAULT_LIMITS } from '@kitsune/want-router'
import { number, size } from './values.ts'
import type { Setting, Settings } from './layers.ts'
import type { PreloadLimits } from '@kitsune/preload'
import type { Limits } from '@kitsune/want-router'

/** The limits that operators can set: those of the router, of the public host, and of preload. */
export interface BalancerLimits extends Pick<Limits, 'wantsPerClient' | 'wantLifetime' | 'unsent' | 'inFlight' | 'wantsPerMember' | 'ejectAfter' | 'ejection'> {
  /** Clients connected at the same time. */
  readonly maxConnections: number
  /** New connections a second from one address. */
  readonly maxNewConnections: number
  /** How much clients may preload. */
  readonly preload: Pick<PreloadLimits, 'bytesPerClientAndHour' | 'bytesPerHour'>
}

/** The limits of a balancer whose operator sets none. */
export const DEFAULT_BALANCER_LIMITS: BalancerLimits = {
  maxConnections: DEFAULT_HOST_LIMITS.maxConnections,
  maxNewConnections: DEFAULT_HOST_LIMITS.newPerSecond,
  wantsPerClient: DEFAULT_LIMITS.wantsPerClient,
  wantLifetime: DEFAULT_LIMITS.wantLifetime,
  unsent: DEFAULT_LIMITS.unsent,
  inFlight: DEFAULT_LIMITS.inFlight,
  wantsPerMember: DEFAULT_LIMITS.wantsPerMember,
  preload: { bytesPerClientAndHour: DEFAULT_PRELOAD_LIMITS.bytesPerClientAndHour, bytesPerHour: DEFAULT_PRELOAD_LIMITS.bytesPerHour },
  ejectAfter: DEFAULT_LIMITS.ejectAfter,
  ejection: DEFAULT_LIMITS.ejection
}

/** Less than the largest block would stop all transfers; with more, the heap fills up first. */
const BYTES = { min: 4 << 20, max: 16 * 2 ** 30 }
const PRELOAD_BYTES = { min: 1 << 20, max: 2 ** 50 }

/** @throws {ConfigError} */
export function limitSettings (settings: Settings): BalancerLimits {
  const limits = DEFAULT_BALANCER_LIMITS
  const count = (setting: Setting | undefined, max: number): number | undefined => number(setting, { min: 1, max, integer: true })

  const seconds = (setting: Setting | undefined): number | undefined => {
    const s = number(setting, { min: 1, max: 86_400, unit: 'seconds' })

    return s == null ? undefined : Math.round(s * 1000)
  }

  return {
    maxConnections: count(settings.maxConnections, 65_000) ?? limits.maxConnections,
    maxNewConnections: count(settings.maxNewConnections, 65_000) ?? limits.maxNewConnections,
    wantsPerClient: count(settings.maxWants, 1_000_000) ?? limits.wantsPerClient,
    wantLifetime: seconds(settings.wantLifetime) ?? limits.wantLifetime,
    unsent: size(settings.maxUnsent, BYTES) ?? limits.unsent,
    inFlight: size(settings.maxInFlight, BYTES) ?? limits.inFlight,
    wantsPerMember: count(settings.maxNodeWants, 100_000) ?? limits.wantsPerMember,
    preload: {
      bytesPerClientAndHour: size(settings.maxClientPreload, PRELOAD_BYTES) ?? limits.preload.bytesPerClientAndHour,
      bytesPerHour: size(settings.maxPreload, PRELOAD_BYTES) ?? limits.preload.bytesPerHour
    },
    ejectAfter: count(settings.ejectAfter, 1_000_000) ?? limits.ejectAfter,
    ejection: seconds(settings.ejection) ?? limits.ejection
  }
}
