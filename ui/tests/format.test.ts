import { describe, expect, it } from 'vitest'
import { duration, exactDuration, fahrenheit, middle, size } from '../src/lib/format'

describe('times', () => {
  it.each([
    [0, '0 s'], [59, '59 s'], [60, '1 min'], [200, '3 min 20 s'], [3599, '1 h'], [8040, '2 h 14 min'], [7200, '2 h'],
    [90000, '1 d 1 h'], [null, '–'],
  ])('%s s are %s', (seconds, text) => expect(duration(seconds)).toBe(text))

  it('are exact on demand', () => expect(exactDuration(8045)).toBe('2:14:05'))
})

describe('sizes', () => {
  it.each([[0, '0 bytes'], [999, '999 bytes'], [1400, '1.4 kB'], [123_456_789, '123 MB'], [null, '–']])(
    '%s bytes are %s',
    (bytes, text) => expect(size(bytes)).toBe(text),
  )
})

describe('degrees', () => {
  it.each([[-40, '-40'], [0, '32'], [210, '410'], [59.9, '140']])('%s °C are %s °F', (celsius, text) => expect(fahrenheit(celsius)).toBe(text))
})

describe('names', () => {
  it('are cut in the middle', () => expect(middle('a-very-long-name-of-a-part.gcode', 15)).toBe('a-very-…t.gcode'))
  it('stay when they are short', () => expect(middle('part.gcode', 15)).toBe('part.gcode'))
})
