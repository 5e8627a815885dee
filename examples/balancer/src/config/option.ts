/** The names of one option, and its help. */
export interface Option {
  /** Long flag, without the dashes. */
  readonly flag: string
  /** Short flag, without the dash. */
  readonly short?: string
  /** Environment variable; an empty one counts as absent. */
  readonly env?: string
  /** Key in the config file. */
  readonly file?: string
  /** `list`: repeatable, or separated by commas; `switch`: takes no value. */
  readonly kind: 'text' | 'list' | 'switch'
  /** Placeholder of the value in the help. */
  readonly value?: string
  readonly help: readonly string[]
}
