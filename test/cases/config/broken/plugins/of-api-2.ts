export default { api: 2, kind: 'processor', type: 'from_the_future' }
