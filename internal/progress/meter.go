package progress

import "time"

// state is the counters at one time.
type state struct {
	at      time.Time
	elapsed time.Duration
	phase   string

	rows, rowsTotal     int64
	bytes, bytesTotal   int64
	stored              int64
	chunks, chunksTotal int64
	tables, tablesTotal int64
	busy, threads       int64
	retries             int64

	perSecond float64       // bytes over the last seconds
	eta       time.Duration // -1 unknown
}

// rateWindow is the time over which the rate is measured.
const rateWindow = 5 * time.Second

// meter keeps what it needs for the rate.
type meter struct {
	start  time.Time
	points []point // of the last rateWindow, oldest first
}

type point struct {
	at    time.Time
	bytes int64
}

func newMeter(at time.Time) *meter { return &meter{start: at, points: []point{{at: at}}} }

func (m *meter) look(c *Counters, at time.Time) state {
	s := state{
		at: at, elapsed: at.Sub(m.start), phase: c.Phase(),
		rows: c.Rows.Load(), rowsTotal: c.RowsTotal.Load(),
		bytes: c.Bytes.Load(), bytesTotal: c.BytesTotal.Load(), stored: c.Stored.Load(),
		chunks: c.Chunks.Load(), chunksTotal: c.ChunksTotal.Load(),
		tables: c.Tables.Load(), tablesTotal: c.TablesTotal.Load(),
		busy: c.Busy.Load(), threads: c.Threads.Load(), retries: c.Retries.Load(),
	}
	m.points = append(m.points, point{at, s.bytes})
	for len(m.points) > 2 && at.Sub(m.points[1].at) >= rateWindow {
		m.points = m.points[1:]
	}
	first := m.points[0]
	if passed := at.Sub(first.at).Seconds(); passed > 0 {
		s.perSecond = max(0, float64(s.bytes-first.bytes)/passed)
	}
	s.eta = eta(s)
	return s
}

// eta goes by bytes, else by rows, else by chunks, and by the average of the whole run: the rate of the last seconds
// would let it jump. Totals are estimates: near the end it is unknown rather than wrong.
func eta(s state) time.Duration {
	done := fraction(s)
	if done <= 0 || done >= 1 || s.elapsed < time.Second {
		return -1
	}
	return time.Duration(float64(s.elapsed) * (1 - done) / done)
}

// fraction is how much is done, 0 when unknown; over 1 where a total was estimated too low.
func fraction(s state) float64 {
	for _, p := range [][2]int64{{s.bytes, s.bytesTotal}, {s.rows, s.rowsTotal}, {s.chunks, s.chunksTotal}} {
		if p[1] > 0 {
			return float64(p[0]) / float64(p[1])
		}
	}
	return 0
}
