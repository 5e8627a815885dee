/** The fields of a package.json that these scripts use. */
export interface Manifest {
  name: string
  description: string
  private?: boolean
  workspaces?: string[]
  exports?: Record<string, unknown>
  scripts?: Record<string, string>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

export interface Workspace {
  name: string
  /** Relative to the root of the repository. */
  path: string
  /** Absolute. */
  folder: string
  manifest: Manifest
  /** The workspaces that this one depends on directly. */
  siblings: Workspace[]
}

export interface TestResult {
  /** The titles of the suites and of the test. */
  title: string
  state: 'passed' | 'failed' | 'pending'
  ms: number
  /** The message and stack of a failed test. */
  error?: string
}

/** The counts of a test runner. */
export interface Results {
  passes: number
  /** Failures of tests and of hooks. */
  failures: number
  pending: number
  tests: TestResult[]
}

/** One run of a workspace's tests. */
export interface Suite {
  name: string
  /** How the runner exited. */
  code: number
  /** Absent if the runner did not finish. */
  results?: Results
  /** How long it took, for people. */
  time: string
}

export interface Totals {
  passed: number
  failed: number
  skipped: number
}
