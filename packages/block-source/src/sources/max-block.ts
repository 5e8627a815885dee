import { InvalidOptionError } from '../errors.ts'

/** @throws {InvalidOptionError} if it is not a whole number above 0 */
export function checkMaxBlock (maxBlock: number): void {
  if (!Number.isSafeInteger(maxBlock) || maxBlock < 1) {
    throw new InvalidOptionError(`maxBlock must be a whole number of bytes above 0, not ${maxBlock}`)
  }
}
