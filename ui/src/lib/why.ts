// Why something cannot be done now; an empty answer means that it can. Controls stay there and say this when tapped.

import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useMachine } from '../stores/machine'
import { useMessages } from '../stores/messages'
import { useSession } from '../stores/session'

export function useWhy(permission = 'CONTROL') {
  const { t } = useI18n()
  const machine = useMachine()
  const session = useSession()
  const messages = useMessages()

  const connected = computed(() => {
    if (machine.link === 'lost') return t('control.whyLost')
    if (!session.may(permission)) return t('control.whyNotAllowed')
    return machine.flags.operational ? '' : t('control.whyNotOperational')
  })
  const still = computed(() => connected.value || (machine.flags.printing ? t('control.whyPrinting') : ''))

  /** Does it, or says why not. */
  async function act(why: string, action: () => Promise<unknown>): Promise<void> {
    if (why) messages.say('info', why)
    else await messages.attempt('', action)
  }

  return { connected, still, act }
}
