package dumper

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// The time that giving back a lock may take, whatever has happened to the run.
const releaseTimeout = 10 * time.Second

// How often the session that holds the backup lock says that it is there.
const keepAliveEvery = 20 * time.Second

// snapshotTable is a table as the barrier sees it.
type snapshotTable struct {
	Schema, Name  string
	Transactional bool
}

// Snapshot is N sessions that all see the same state of the server.
type Snapshot struct {
	Facts   dump.SnapshotFacts
	Readers []*mysql.Conn // open transactions, one per thread

	// ReadFirst are the non-transactional tables. Locked holds LOCK TABLES READ on them, so that they stay as they were
	// at the barrier until ReleaseTables; both are nil when there are none.
	ReadFirst []snapshotTable
	Locked    *mysql.Conn

	control *mysql.Conn // took the barrier's lock; holds the backup lock until Close
	held    bool        // control holds LOCK INSTANCE FOR BACKUP
	alive   *keepAlive
}

// openSnapshot opens threads sessions, takes the first barrier of the ladder that works, and opens their snapshots under it.
// Its error says which steps were tried; nothing stays locked after one.
func openSnapshot(ctx context.Context, s *mysql.Server, threads int, tables []snapshotTable, o SnapshotOptions, log *slog.Logger) (*Snapshot, error) {
	b := &barrier{server: s, options: o.withDefaults(), tables: tables, log: log}
	if err := b.connect(ctx, threads); err != nil {
		return nil, errors.Join(fmt.Errorf("snapshot: %w", err), b.closeAll(ctx))
	}
	if err := b.climb(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("snapshot: %w", err), b.closeAll(ctx))
	}
	if err := b.settle(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("snapshot: %w", err), b.closeAll(ctx))
	}
	return b.snapshot(), nil
}

func (o SnapshotOptions) withDefaults() SnapshotOptions {
	if o.Consistency == "" {
		o.Consistency = ConsistencyAuto
	}
	if o.MaxLockWait <= 0 {
		o.MaxLockWait = 30 * time.Second
	}
	if o.MaxLockHold <= 0 {
		o.MaxLockHold = 5 * time.Second
	}
	return o
}

// Lost reports why the snapshot no longer holds, nil while nothing is known of that. Without the backup lock a DDL may have changed what is still to be read.
func (s *Snapshot) Lost() error {
	if s.alive == nil {
		return nil
	}
	return s.alive.err()
}

// Held asks the session that holds the backup lock whether it still does, for the last time.
func (s *Snapshot) Held(ctx context.Context) error {
	if s.alive == nil {
		return nil
	}
	s.alive.stop()
	if err := s.alive.err(); err != nil {
		return err
	}
	_, err := s.control.ExecContext(ctx, "DO 1")
	return lockLost(err)
}

func lockLost(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the session that held LOCK INSTANCE FOR BACKUP was lost, so definitions may have changed during the dump: %w", err)
}

// ReleaseTables gives back the lock on the non-transactional tables, once they are read.
func (s *Snapshot) ReleaseTables(ctx context.Context) error {
	if s.Locked == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	_, err := s.Locked.ExecContext(ctx, "UNLOCK TABLES")
	err = errors.Join(err, s.Locked.Close())
	s.Locked = nil
	return err
}

// Close ends the transactions, gives back every lock and closes the sessions.
func (s *Snapshot) Close(ctx context.Context) error {
	if s.alive != nil {
		s.alive.stop()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	var errs []error
	if s.Locked != nil {
		errs = append(errs, s.ReleaseTables(ctx))
	}
	if s.held && s.Lost() == nil {
		if _, err := s.control.ExecContext(ctx, "UNLOCK INSTANCE"); err != nil && !mysql.IsConnectionLost(err) {
			errs = append(errs, err)
		}
	}
	if err := s.control.Close(); err != nil && !mysql.IsConnectionLost(err) {
		errs = append(errs, err)
	}
	for _, c := range s.Readers {
		if _, err := c.ExecContext(ctx, "ROLLBACK"); err != nil && !mysql.IsConnectionLost(err) {
			errs = append(errs, err)
		}
		if err := c.Close(); err != nil && !mysql.IsConnectionLost(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// barrier is the attempt to open one snapshot.
type barrier struct {
	server  *mysql.Server
	options SnapshotOptions
	tables  []snapshotTable
	log     *slog.Logger

	control *mysql.Conn
	readers []*mysql.Conn
	locked  *mysql.Conn
	held    bool // control holds LOCK INSTANCE FOR BACKUP
	yielded bool // it was given back for DDL that waited for it

	position positionReader
	facts    dump.SnapshotFacts
}

func (b *barrier) connect(ctx context.Context, threads int) error {
	b.readers = make([]*mysql.Conn, threads)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	g.Go(func() (err error) {
		if b.control, err = b.server.Session(gctx); err == nil {
			b.position, err = findPositionReader(gctx, b.server, b.control)
		}
		return err
	})
	if len(b.nonTransactional()) > 0 {
		g.Go(func() (err error) {
			b.locked, err = b.server.Session(gctx)
			return err
		})
	}
	for i := range b.readers {
		g.Go(func() error {
			c, err := b.server.Session(gctx)
			b.readers[i] = c
			if err != nil {
				return err
			}
			activateRoles(gctx, &b.server.Facts, c)
			return letGoOfTables(gctx, b.server, c)
		})
	}
	return g.Wait()
}

func (b *barrier) closeAll(ctx context.Context) error {
	var errs []error
	for _, c := range append([]*mysql.Conn{b.control, b.locked}, b.readers...) {
		if c == nil {
			continue
		}
		if err := c.Close(); err != nil && !mysql.IsConnectionLost(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (b *barrier) snapshot() *Snapshot {
	s := &Snapshot{Facts: b.facts, Readers: b.readers, control: b.control, held: b.held, Locked: b.locked}
	if b.locked != nil {
		s.ReadFirst = b.nonTransactional()
		for _, t := range s.ReadFirst {
			s.Facts.NonTransaction = append(s.Facts.NonTransaction, t.Schema+"."+t.Name)
		}
	}
	if b.held {
		s.alive = startKeepAlive(b.control)
	}
	return s
}

func (b *barrier) nonTransactional() []snapshotTable {
	var out []snapshotTable
	for _, t := range b.tables {
		if !t.Transactional {
			out = append(out, t)
		}
	}
	return out
}

// plan adds a line to what the user is told.
func (b *barrier) plan(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	b.facts.Plan = append(b.facts.Plan, line)
	b.log.Info("snapshot", "plan", line)
}

// settle does what is left once the snapshots are open and no lock is held: the sessions prove theirs, and the idle one completes
// the coordinates meanwhile.
func (b *barrier) settle(ctx context.Context) error {
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return b.prove(gctx) })
	g.Go(func() error {
		err := b.position.complete(gctx, b.control, &b.facts.Coordinates)
		b.reportXA(gctx)
		return err
	})
	return g.Wait()
}

// prove checks on every session that it has a snapshot: below REPEATABLE READ, MySQL ignores WITH CONSISTENT SNAPSHOT
// with warning 138 and MariaDB silently.
func (b *barrier) prove(ctx context.Context) error {
	name := "transaction_isolation"
	if _, ok := b.server.Facts.Variables[name]; !ok {
		name = "tx_isolation"
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, c := range b.readers {
		g.Go(func() error {
			var level string
			if err := c.QueryRowContext(ctx, "SELECT @@SESSION."+name).Scan(&level); err != nil {
				return fmt.Errorf("read @@%s: %w", name, err)
			}
			if level != "REPEATABLE-READ" {
				return fmt.Errorf("session %d runs at %s: it holds no snapshot", c.ID, level)
			}
			return nil
		})
	}
	return g.Wait()
}

// reportXA tells of XA transactions that were prepared before the barrier: they are in no snapshot, and in the binary log only once committed.
func (b *barrier) reportXA(ctx context.Context) {
	rows, err := b.control.QueryContext(ctx, "XA RECOVER")
	if err != nil {
		b.plan("prepared XA transactions: unknown, XA RECOVER was refused (%d)", mysql.Number(err))
		return
	}
	defer rows.Close()
	for rows.Next() {
		b.facts.PreparedXA++
	}
	if rows.Err() == nil && b.facts.PreparedXA > 0 {
		b.plan("%d prepared XA transactions are in no snapshot: commit or roll them back, or replicate from the recorded coordinates", b.facts.PreparedXA)
	}
}

// keepAlive keeps the idle session of a lock open and notices when it is lost.
type keepAlive struct {
	cancel context.CancelFunc
	done   chan struct{}
	mu     sync.Mutex
	lost   error
}

func startKeepAlive(c *mysql.Conn) *keepAlive {
	ctx, cancel := context.WithCancel(context.Background())
	k := &keepAlive{cancel: cancel, done: make(chan struct{})}
	go k.run(ctx, c)
	return k
}

func (k *keepAlive) run(ctx context.Context, c *mysql.Conn) {
	defer close(k.done)
	tick := time.NewTicker(keepAliveEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		// Not bound to ctx: a cancelled statement would close the session that holds the lock.
		pctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
		_, err := c.ExecContext(pctx, "DO 1")
		cancel()
		if err != nil {
			k.mu.Lock()
			k.lost = lockLost(err)
			k.mu.Unlock()
			return
		}
	}
}

func (k *keepAlive) stop() {
	k.cancel()
	<-k.done
}

func (k *keepAlive) err() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.lost
}

// tableList joins quoted names for LOCK TABLES and FLUSH TABLES; suffix follows each.
func tableList(tables []snapshotTable, suffix string) string {
	names := make([]string, len(tables))
	for i, t := range tables {
		names[i] = mysql.QuoteTable(t.Schema, t.Name) + suffix
	}
	return strings.Join(names, ", ")
}
