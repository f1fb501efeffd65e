import { afterEach, expect, test, vi } from 'vitest'
import { hasPasskeys } from '../src/lib/passkeys'

afterEach(() => vi.unstubAllGlobals())

test('passkeys need a browser that knows them, a secure page and a host name', () => {
  expect(hasPasskeys({ hostname: 'shed.local' }, true)).toBe(false)
  vi.stubGlobal('PublicKeyCredential', vi.fn())
  expect(hasPasskeys({ hostname: 'shed.local' }, true)).toBe(true)
  expect(hasPasskeys({ hostname: 'localhost' }, true)).toBe(true)
  expect(hasPasskeys({ hostname: 'shed.local' }, false)).toBe(false)
  for (const hostname of ['192.168.1.7', '127.0.0.1', '[::1]']) expect(hasPasskeys({ hostname }, true)).toBe(false)
})
