/** Faults of the engine that are known and open: while one is true, what it breaks is not reported. */
export const KNOWN = {
  /** A HAVE that comes while another member is asked is ignored. */
  lateHave: true,
  /** The limit of wants is judged in the middle of a message. */
  evictsWithin: true,
  /** A younger sibling keeps what is behind it from expiring. */
  siblingLifetime: true,
  /** Every sibling's copy counts as reserved. */
  siblingCopies: true,
  /** A peer that was refused and left within the same turn is closed. */
  closesGone: true,
  /** A want-have that is to be upgraded is asked for although it was answered in the same turn. */
  staleUpgrade: true
}
