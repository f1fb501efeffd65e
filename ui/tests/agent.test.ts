import { describe, expect, it } from 'vitest'
import { browserOf } from '../src/lib/agent'

const MOZILLA = 'Mozilla/5.0'

describe('what a browser says of itself', () => {
  it.each([
    [`${MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`, 'Firefox', 'Linux'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, 'Edge', 'Windows'],
    [`${MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1`, 'Safari', 'iOS'],
    [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${MOZILLA} (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36`, 'Chrome', 'Android'],
  ])('%s', (agent, browser, system) => {
    expect(browserOf(agent)).toEqual({ browser, system })
  })

  it('is the name of a program that is no browser', () => {
    expect(browserOf('python-requests/2.32.3')).toEqual({ browser: 'python-requests', system: '' })
  })

  it('is nothing where it says nothing', () => {
    expect(browserOf('')).toBeNull()
  })
})
