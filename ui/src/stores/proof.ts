// Whether the person at the page is the one who signed in: asked once for all requests that wait for it.

import { defineStore } from 'pinia'
import { ref } from 'vue'

export const useProof = defineStore('proof', () => {
  const asking = ref(false)
  let asked: Promise<boolean> | null = null
  let tell: (proven: boolean) => void = () => undefined

  /** Has the person asked; answers whether it is proven now. */
  function ask(): Promise<boolean> {
    asked ??= new Promise((resolve) => {
      tell = resolve
      asking.value = true
    })
    return asked
  }

  function answer(proven: boolean): void {
    asking.value = false
    asked = null
    tell(proven)
  }

  return { asking, ask, answer }
})
