/** A request that a page makes. */
export interface PageRequest {
  readonly url: string
  readonly method: string
  readonly headers?: Readonly<Record<string, string>>
}

/** What the page sees of its answer. `failed`: there was none that it may see; `broken`: its body could not be read to an end. */
export interface PageAnswer {
  readonly status: number | 'failed'
  readonly body: string | 'broken'
  readonly retryAfter: string | null
}

async function answerOf ({ url, ...init }: PageRequest): Promise<PageAnswer> {
  try {
    const response = await fetch(url, init)
    const body = await response.text().catch(() => 'broken')

    return { status: response.status, body, retryAfter: response.headers.get('retry-after') }
  } catch {
    return { status: 'failed', body: 'broken', retryAfter: null }
  }
}

const requests: PageRequest[] = await (await fetch('/task')).json()
const answers: PageAnswer[] = []

// one after another: a browser has six connections
for (const request of requests) {
  answers.push(await answerOf(request))
}

await fetch('/result', { method: 'POST', body: JSON.stringify(answers) })
