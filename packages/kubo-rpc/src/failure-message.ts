/** How much is shown of an answer that kubo did not write. */
const MAX_LENGTH = 200

/** The reason why a command failed: kubo answers every failure with status 500 and a JSON object with a `Message`. */
export function failureMessage (text: string): string {
  try {
    const answer: unknown = JSON.parse(text)

    return typeof answer === 'object' && answer != null && 'Message' in answer ? String(answer.Message) : text.slice(0, MAX_LENGTH)
  } catch {
    return text.slice(0, MAX_LENGTH)
  }
}
