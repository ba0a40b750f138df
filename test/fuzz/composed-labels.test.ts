import { it } from 'node:test'
import { LabelModel } from './label-model.ts'
import { SECONDS } from './run.ts'

const MS = SECONDS * 1000
const OPERATIONS = 300

it('every sample has the labels of its series, whatever came and went', async () => {
  const began = performance.now()
  const first = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))
  for (let seed = first; performance.now() - began < MS; seed++) {
    const model = new LabelModel(seed)
    try {
      for (let i = 0; i < OPERATIONS; i++) await model.step()
      await model.end()
    } catch (error) {
      throw new Error(`with seed ${seed}`, { cause: error })
    }
  }
})
