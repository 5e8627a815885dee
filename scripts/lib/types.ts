/** What these scripts read of a package.json. */
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
  /** Of the suites and the test. */
  title: string
  state: 'passed' | 'failed' | 'pending'
  ms: number
  /** Of a test that failed: what it said, with its stack. */
  error?: string
}

/** What mocha counted. */
export interface Results {
  passes: number
  /** Of tests and of hooks. */
  failures: number
  pending: number
  tests: TestResult[]
}

/** A run of one workspace's tests. */
export interface Suite {
  name: string
  /** How the runner exited. */
  code: number
  /** Absent if the runner did not get to its end. */
  results?: Results
  /** How long it took, for people. */
  time: string
}

export interface Totals {
  passed: number
  failed: number
  skipped: number
}
