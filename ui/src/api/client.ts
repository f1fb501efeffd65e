// One way to ask the server: every request goes through here, carries the CSRF token, and fails as a `RequestError`.

/** How the server begins its answer when the password was typed too long ago (contract, 2.3). */
const STALE = 'Please reauthenticate'

export class RequestError extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What would do as a second factor, where one is wanted beside the password. */
    readonly secondFactors: string[] = [],
  ) {
    super(message)
  }

  /** Whether the server was not reached at all. */
  get unreachable(): boolean {
    return this.status === 0
  }

  /** Whether the server wants the password once more before it does this. */
  get stale(): boolean {
    return this.status === 403 && this.message.startsWith(STALE)
  }
}

const ROOT = new URL('./', document.baseURI)

let onUnauthenticated: () => void = () => undefined

/** Has `listener` called whenever an answer says that nobody is signed in any more. */
export function whenSignedOut(listener: () => void): void {
  onUnauthenticated = listener
}

let proveAgain: () => Promise<boolean> = () => Promise.resolve(false)

/** Has `ask` called whenever the server wants the password once more; where it answers true, the request is repeated. */
export function whenStale(ask: () => Promise<boolean>): void {
  proveAgain = ask
}

/** The address of a path below the page's own, so that a proxy's prefix is kept. */
export function address(path: string): string {
  return new URL(path.replace(/^\//, ''), ROOT).href
}

/** The address under which other programs reach this host. */
export function hostAddress(): string {
  return ROOT.href.replace(/\/$/, '')
}

/** The token that the server wants beside a session's cookie; its name says by which port and path it is reached. */
export function csrfToken(): string {
  const cookies = document.cookie.split('; ').map((pair) => pair.split('=') as [string, string])
  const port = ROOT.port || (ROOT.protocol === 'https:' ? '443' : '80')
  const path = ROOT.pathname.replace(/\/$/, '')
  const name = `csrf_token_P${port}${path && `_R${path.replaceAll('/', '|')}`}`
  const found = cookies.find(([each]) => each === name) ?? cookies.find(([each]) => each.startsWith('csrf_token_P'))
  return found ? decodeURIComponent(found[1]) : ''
}

async function errorOf(response: Response): Promise<RequestError> {
  const text = await response.text()
  try {
    const body = JSON.parse(text) as { error?: string; mfa?: string[]; mfa_error?: string }
    return new RequestError(response.status, body.mfa_error ?? body.error ?? response.statusText, body.mfa)
  } catch {
    return new RequestError(response.status, text || response.statusText)
  }
}

type Parts = [method: string, path: string, body?: unknown, headers?: Record<string, string>]

async function send(...parts: Parts): Promise<Response> {
  try {
    return await sendOnce(...parts)
  } catch (error) {
    if (error instanceof RequestError && error.stale && (await proveAgain())) return sendOnce(...parts)
    throw error
  }
}

async function sendOnce(...[method, path, body, headers = {}]: Parts): Promise<Response> {
  const isForm = body instanceof FormData
  let response: Response
  try {
    response = await fetch(address(path), {
      method,
      headers: {
        ...(body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }),
        ...(method === 'GET' ? {} : { 'X-CSRF-Token': csrfToken() }),
        ...headers,
      },
      body: body === undefined || isForm ? body : JSON.stringify(body),
      credentials: 'same-origin',
    })
  } catch {
    throw new RequestError(0, 'The host was not reached.')
  }
  if (!response.ok) {
    const error = await errorOf(response)
    if (error.status === 401) onUnauthenticated()
    throw error
  }
  return response
}

async function ask<Answer>(
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
): Promise<Answer> {
  const response = await send(method, path, body, headers)
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as Answer
}

export const api = {
  get: <Answer>(path: string, headers?: Record<string, string>) => ask<Answer>('GET', path, undefined, headers),
  post: <Answer = undefined>(path: string, body?: unknown, headers?: Record<string, string>) =>
    ask<Answer>('POST', path, body, headers),
  form: <Answer = undefined>(path: string, form: FormData) => ask<Answer>('POST', path, form),
  put: <Answer = undefined>(path: string, body?: unknown) => ask<Answer>('PUT', path, body),
  patch: <Answer = undefined>(path: string, body?: unknown) => ask<Answer>('PATCH', path, body),
  delete: <Answer = undefined>(path: string) => ask<Answer>('DELETE', path),
}

/** The text of whatever went wrong. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** A path of files as it stands in an address. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/')
}
