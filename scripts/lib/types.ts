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

interface Location {
  start: { line: number, column: number }
  end: { line: number, column: number }
}

/** What Istanbul's JSON says of a file, as far as it is read here: counts by the id of each statement and branch. */
export interface FileCoverage {
  statementMap: Record<string, Location>
  s: Record<string, number>
  branchMap: Record<string, { locations: Location[] }>
  b: Record<string, number[]>
}

/** By paths of files. */
export type CoverageMap = Record<string, FileCoverage>

/** A line or a branch that no test reaches. */
export interface Unreached {
  file: string
  /** Its number, from 1. */
  row: number
  /** What it says. */
  line: string
  /** The branch, as far as it stands on that line. */
  part: string
}

/** Why something need not be reached. */
export interface Reason {
  file: string
  /** What the line says; if left out, the whole file. */
  line?: string
  /** The branch, as far as it stands on that line; if left out, the whole line. */
  part?: string
  reason: string
}

export interface Compared {
  listed: Array<Unreached & { reason?: string }>
  unlisted: Array<Unreached & { reason?: string }>
  /** Reasons for which nothing was found. */
  stale: Reason[]
}
