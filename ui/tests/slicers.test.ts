import { describe, expect, it } from 'vitest'
import en from '../src/locales/en'
import { isLocalOnly, placeOf, SLICERS, uploadCommand } from '../src/lib/slicers'

describe('an address for a slicer', () => {
  it('is taken apart, with the port that is not written', () => {
    expect(placeOf('http://printer.local')).toEqual({ address: 'http://printer.local', host: 'printer.local', port: '80', path: '/', https: false })
    const behind = placeOf('https://work.example/mr/draw/machines/left')
    expect([behind.host, behind.port, behind.path, behind.https]).toEqual(['work.example', '443', '/mr/draw/machines/left', true])
    expect(placeOf('http://10.0.0.5:5000').port).toBe('5000')
  })

  it('may be understood on this computer only', () => {
    expect(['localhost', '127.0.0.1', '[::1]'].every(isLocalOnly)).toBe(true)
    expect(['10.0.0.5', 'printer.local', 'localhost.example'].some(isLocalOnly)).toBe(false)
  })

  it('goes into the command for a post-processing script', () => {
    expect(uploadCommand('http://a/b')).toBe('curl -H "X-Api-Key: KEY" -F "file=@[output_filepath]" http://a/b/api/files/local')
  })
})

it('has a sentence for every step', () => {
  const steps = SLICERS.flatMap(({ before, after }) => [...before, ...after])
  expect(steps.filter((step) => !(step in en.slicers.steps))).toEqual([])
})
