import { afterEach, beforeEach, expect, test, vi } from 'vitest'

/** The client as a page at this address has it. */
async function clientAt(address: string) {
  document.head.innerHTML = `<base href="${address}">`
  vi.resetModules()
  return await import('../src/api/client')
}

function cookies(text: string): void {
  vi.spyOn(document, 'cookie', 'get').mockReturnValue(text)
}

beforeEach(() => cookies(''))
afterEach(() => {
  vi.restoreAllMocks()
  document.head.innerHTML = ''
})

test('addresses are those below the place that a proxy gives the page', async () => {
  const { address, hostAddress } = await clientAt('https://printer.example/mrdraw/')
  expect(address('/api/version')).toBe('https://printer.example/mrdraw/api/version')
  expect(hostAddress()).toBe('https://printer.example/mrdraw')
})

test.each([
  ['http://printer.example:5000/', 'csrf_token_P5000'],
  ['http://printer.example/', 'csrf_token_P80'],
  ['https://printer.example/', 'csrf_token_P443'],
  ['https://printer.example/mrdraw/', 'csrf_token_P443_R|mrdraw'],
  ['https://printer.example:8443/a/b/', 'csrf_token_P8443_R|a|b'],
])('the token of %s stands in %s', async (place, name) => {
  const { csrfToken } = await clientAt(place)
  cookies(`csrf_token_P1=other; ${name}=mine%2E; x=y`)
  expect(csrfToken()).toBe('mine.')
})

test('without a cookie there is no token', async () => {
  const { csrfToken } = await clientAt('https://printer.example/mrdraw/')
  expect(csrfToken()).toBe('')
})
