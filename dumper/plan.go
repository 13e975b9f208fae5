package dumper

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/catalog"
	"github.com/gomove/gomove/chunker"
	"github.com/gomove/gomove/internal/mysql"
)

// planner finds the ranges of tables while the first of them are being read.
type planner struct {
	queue      *queue
	querier    chunker.Querier
	chunkBytes int64
	readers    int
	chunks     func(n int64) // counts ranges that were found
	debug      func(msg string, args ...any)
	done       func(ctx context.Context, t *tableState) error // a table's ranges are all known
	beside     int                                            // numbered tables whose ranges are handed out between those of others
	server     *mysql.Server                                  // of their queriers
}

// isSmall reports a table that is one range without asking: its estimate fits a chunk, and a larger one is cut as it is read.
func (p *planner) isSmall(t *tableState) bool {
	return t.Bytes <= p.chunkBytes || t.Key == nil && len(t.Partitions) == 0
}

// large finds the ranges of the tables that need more than one, the largest table first.
func (p *planner) large(ctx context.Context, tables []*tableState) error {
	defer p.queue.done()
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(1 + p.beside)
	g.Go(func() error {
		for _, t := range tables {
			if t.isNumbered() && g.TryGo(func() error { return p.aside(ctx, t) }) {
				continue
			}
			if err := p.table(ctx, t); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

// aside hands out a table's ranges while those of the next tables are handed out too.
func (p *planner) aside(ctx context.Context, t *tableState) error {
	own, probes := *p, &catalog.Prober{Server: p.server}
	defer probes.Close()
	own.querier = probes
	return own.table(ctx, t)
}

func (p *planner) table(ctx context.Context, t *tableState) error {
	if t.taken != nil {
		return p.rest(ctx, t, p.queue.large)
	}
	t.prepare()
	first := true
	for r, err := range chunker.Ranges(ctx, p.querier, t.Tiled(), chunker.Options{TargetBytes: p.chunkBytes, Log: p.debug}) {
		if err != nil {
			return fmt.Errorf("cut %s: %w", t, err)
		}
		if first && t.Ordered(r) {
			if err := t.CheckOrder(ctx, p.querier, r); err != nil {
				return fmt.Errorf("cut %s: %w", t, err)
			}
		}
		first = false
		ranges := []chunker.Range{r}
		if r.Rows == 0 {
			if ranges, err = p.spread(ctx, t, r, spreadPerReader*p.readers); err != nil {
				return fmt.Errorf("cut %s: %w", t, err)
			}
		}
		if err := p.hand(ctx, t, p.queue.large, ranges); err != nil {
			return err
		}
	}
	return p.done(ctx, t)
}

// small hands out tables whole.
func (p *planner) small(ctx context.Context, tables []*tableState) error {
	defer p.queue.done()
	var tiny []*tableState
	for _, t := range tables {
		if isTiny(t) {
			tiny = append(tiny, t)
			continue
		}
		if t.taken != nil {
			if err := p.rest(ctx, t, p.queue.small); err != nil {
				return err
			}
			continue
		}
		t.add()
		p.chunks(1)
		if err := p.queue.put(ctx, p.queue.small, &job{table: t, limit: looksSmall(t, p.chunkBytes)}); err != nil {
			return err
		}
		if err := p.done(ctx, t); err != nil {
			return err
		}
	}
	return p.tiny(ctx, tiny)
}

// rest hands out what an earlier run has left of a table.
func (p *planner) rest(ctx context.Context, t *tableState, ch chan<- *job) error {
	t.prepare()
	for i, r := range t.taken.rest {
		if i == 0 && t.Ordered(r) {
			if err := t.CheckOrder(ctx, p.querier, r); err != nil {
				return fmt.Errorf("cut %s: %w", t, err)
			}
		}
		ranges, err := p.spreadGap(ctx, t, r)
		if err != nil {
			return fmt.Errorf("cut %s: %w", t, err)
		}
		if err := p.hand(ctx, t, ch, ranges); err != nil {
			return err
		}
	}
	return p.done(ctx, t)
}

// hand puts ranges into the queue.
func (p *planner) hand(ctx context.Context, t *tableState, ch chan<- *job, ranges []chunker.Range) error {
	for _, r := range ranges {
		t.add()
		p.chunks(1)
		if err := p.queue.put(ctx, ch, &job{table: t, rng: r}); err != nil {
			return err
		}
	}
	return nil
}
