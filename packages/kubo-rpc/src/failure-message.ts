/** The longest text that is shown of an answer that is not kubo's. */
const MAX_LENGTH = 200

/** Reads why a command failed: kubo answers every failure with status 500 and a JSON object whose `Message` says why. */
export function failureMessage (text: string): string {
  try {
    const answer: unknown = JSON.parse(text)

    return typeof answer === 'object' && answer != null && 'Message' in answer ? String(answer.Message) : text.slice(0, MAX_LENGTH)
  } catch {
    return text.slice(0, MAX_LENGTH)
  }
}
