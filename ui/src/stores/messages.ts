// What the page says in passing: one message at a time, errors with their technical text behind "details".

import { defineStore } from 'pinia'
import { ref } from 'vue'
import { messageOf, RequestError } from '../api/client'

export interface PassingMessage {
  id: number
  kind: 'error' | 'info' | 'success'
  text: string
  details?: string
}

export const useMessages = defineStore('messages', () => {
  const current = ref<PassingMessage | null>(null)
  let count = 0

  function say(kind: PassingMessage['kind'], text: string, details?: string): void {
    count += 1
    current.value = { id: count, kind, text, details }
  }

  /** Does something; whatever goes wrong is said, but for what the page has asked about already. Answers whether it went well. */
  async function attempt(what: string, action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action()
      return true
    } catch (error) {
      if (error instanceof RequestError && (error.status === 401 || error.stale)) return false
      say('error', `${what} ${messageOf(error)}`, detailsOf(error))
      return false
    }
  }

  function dismiss(): void {
    current.value = null
  }

  return { current, say, attempt, dismiss }
})

function detailsOf(error: unknown): string | undefined {
  return error instanceof RequestError && error.status > 0 ? `Status ${error.status}: ${error.message}` : undefined
}
