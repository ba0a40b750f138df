import { defineProcessor, findAttribute, PointBlockBuilder } from 'weir/plugin'

export default defineProcessor({
  type: 'drop_health_checks',
  stability: 'beta',
  description: 'Leaves out the points of health checks.',
  schema: {
    type: 'object',
    properties: { route: { type: 'string', description: 'Route of the health check.', default: '/healthz' } }
  },
  ports: { in: 'points', out: 'points' },
  create: ({ route }, { account }) => ({
    process(block) {
      const kept = new PointBlockBuilder()
      for (let i = 0; i < block.length; i++) {
        if (findAttribute(block.series.at(i).attributes, 'route') === route) account.drop('health_check')
        else kept.copy(block, i)
      }
      return kept.build()
    }
  })
})
