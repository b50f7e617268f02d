import {latency} from './_l.ts'; console.log(5, (await latency()).figures.map(f=>f.value.toFixed(2)).join(' '))
