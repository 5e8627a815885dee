import { StoreRefusedError, StoreUnavailableError } from '../errors.ts'

/** Error codes for a file that cannot be opened because it, or a folder in its path, does not exist or cannot have that name. */
const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'])
const REFUSED = new Set(['EACCES', 'EPERM', 'ELOOP'])

/**
 * Resolves like the operation, or with undefined if the file is absent.
 *
 * @throws {StoreRefusedError} if the process may not read it
 * @throws {StoreUnavailableError} if the file system failed
 */
export async function absentOr<T> (object: string, operation: () => Promise<T>): Promise<T | undefined> {
  try {
    return await operation()
  } catch (err) {
    const code = err instanceof Error && 'code' in err ? String(err.code) : undefined

    if (code == null || !/^E[A-Z]+$/.test(code)) {
      throw err
    }

    if (ABSENT.has(code)) {
      return undefined
    }

    throw REFUSED.has(code)
      ? new StoreRefusedError(`${object}: ${code}`, { cause: err })
      : new StoreUnavailableError(`${object}: ${code}`, { cause: err })
  }
}
