// What the server says of its own routes, asked for once somebody wants to read it.

import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { api, hostAddress } from '../api/client'
import { groupsOf, type Group, type OpenApiDocument } from '../lib/openapi'

export const DESCRIPTION = '/api/v1/openapi.json'

export const useDescription = defineStore('description', () => {
  const groups = shallowRef<Group[]>([])

  async function load(): Promise<void> {
    groups.value = groupsOf(await api.get<OpenApiDocument>(DESCRIPTION), hostAddress())
  }

  return { groups, load }
})
