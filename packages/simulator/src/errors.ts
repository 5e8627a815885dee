/** A scenario is invalid: the message names the parameter and says what is expected. */
export class ScenarioError extends Error {
  static name = 'ScenarioError'
  name = 'ScenarioError'

  constructor (message = 'Invalid scenario') {
    super(message)
  }
}

/** The command line names something that does not exist, or has an invalid value. */
export class UsageError extends Error {
  static name = 'UsageError'
  name = 'UsageError'

  constructor (message = 'Invalid arguments') {
    super(message)
  }
}
