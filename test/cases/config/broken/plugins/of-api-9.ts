export default { api: 9, kind: 'processor', type: 'from_the_future' }
