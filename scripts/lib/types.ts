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
  overrides?: Record<string, string>
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

/** The parts of Istanbul's JSON that are used here: counts by the ids of statements and branches. */
export interface FileCoverage {
  statementMap: Record<string, Location>
  s: Record<string, number>
  branchMap: Record<string, { locations: Location[] }>
  b: Record<string, number[]>
}

/** Absolute paths of files, and their coverage. */
export type CoverageMap = Record<string, FileCoverage>

/** A line or a branch that is not reached. */
export interface Unreached {
  file: string
  /** The number of the line, from 1. */
  row: number
  /** The text of the line. */
  line: string
  /** The part of the line that belongs to the branch, or the whole line. */
  part: string
}

/** Why a line or a branch does not have to be reached. */
export interface Reason {
  file: string
  /** The text of the line. Default: the whole file. */
  line?: string
  /** The part of the line that belongs to the branch. Default: the whole line. */
  part?: string
  reason: string
}

export interface Compared {
  listed: Array<Unreached & { reason?: string }>
  unlisted: Array<Unreached & { reason?: string }>
  /** Reasons whose line is reached or no longer exists. */
  stale: Reason[]
}

/** The parts of typedoc that these scripts use; it is installed inside of aegir, where tsc does not find it. */
export interface TypeDoc {
  Application: { bootstrap (options: Record<string, unknown>): Promise<TypeDocApplication> }
  Logger: new () => object
  LogLevel: { Warn: number }
  ReflectionKind: { Module: number }
}

export interface TypeDocApplication {
  logger: object
  convert (): Promise<object | undefined>
  validate (project: object): void
  serializer: { projectToObject (project: object, folder: string): TypeDocReflection }
}

/** A part of typedoc's JSON. */
export interface TypeDocReflection {
  id: number
  name: string
  kind: number
  children?: TypeDocReflection[]
  /** Of a project: where each symbol comes from. */
  symbolIdMap?: Record<number, { packageName: string }>
}
