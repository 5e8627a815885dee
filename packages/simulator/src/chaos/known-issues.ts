/** Faults of the engine that are known and open: while one is true, what it breaks is not reported. */
export const KNOWN = {
  /** A HAVE that comes while another member is asked is ignored. */
  lateHave: false,
  /** The limit of wants is judged in the middle of a message. */
  evictsWithin: false,
  /** A younger sibling keeps what is behind it from expiring. */
  siblingLifetime: false,
  /** Every sibling's copy counts as reserved. */
  siblingCopies: false,
  /** A peer that was refused and left within the same turn is closed. */
  closesGone: false,
  /** A want-have that is to be upgraded is asked for although it was answered in the same turn. */
  staleUpgrade: false
}
