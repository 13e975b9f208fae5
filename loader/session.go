package loader

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/transform"
)

// session is one dedicated session on the target. It never reconnects; after an error it is rolled back or thrown away.
type session struct {
	*mysql.Conn
	slot     slot
	baseMode string // sql_mode as the connector set it
	baseZone string
	ownMode  string // the server's: of routines, triggers and events whose file names none, as of any client's
	ownZone  string
	hastened bool      // hasten was called
	schema   string    // of the last USE
	applied  string    // the settings that stand in for a file's environment
	used     time.Time // when it was last at work
}

// stale reports a session that has had nothing to do for so long that the server may be about to end it.
func (s *session) stale() bool {
	return s != nil && time.Since(s.used) > mysql.LoadIdle/2
}

// open starts a session for DDL, with names and text in utf8mb4.
func (l *load) open(ctx context.Context) (*session, error) {
	c, err := l.server.Session(ctx)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: c, slot: slot{release: func() {}}, used: time.Now()}
	if err := l.prime(ctx, s); err != nil {
		s.discard()
		return nil, err
	}
	return s, nil
}

func (l *load) prime(ctx context.Context, s *session) error {
	if err := l.occupy(ctx, s); err != nil {
		return err
	}
	return s.QueryRowContext(ctx, "SELECT @@sql_mode, @@time_zone, @@global.sql_mode, @@global.time_zone").Scan(&s.baseMode, &s.baseZone, &s.ownMode, &s.ownZone)
}

// watched runs a statement while KillOnDone watches ctx. The driver's own watch would cost two changes of goroutine for each.
func (s *session) watched(ctx context.Context, query string) (sql.Result, error) {
	res, err := s.ExecContext(context.WithoutCancel(ctx), query)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return res, err
}

// openPatiently is open, again and again while the server is away or has no room.
func (l *load) openPatiently(ctx context.Context) (s *session, err error) {
	away := func(err error) bool { return noRoom(err) || mysql.IsConnectionLost(err) }
	err = retry(ctx, maxAttempts, away, func() error {
		s, err = l.open(ctx)
		if err != nil && away(err) {
			l.log.Warn("no session on the target", "error", err)
		}
		return err
	})
	return s, err
}

// noRoom reports a server, or an account, that has all the connections that it may have.
func noRoom(err error) bool {
	switch mysql.Number(err) {
	case 1040, 1203, 1226:
		return true
	}
	return false
}

// steadily calls do, and calls it again on another session when the one that it had is lost: do looks first at what the
// target has. The server has forgotten the lost session by then.
func (l *load) steadily(ctx context.Context, s **session, what string, do func(s *session, again bool) error) (err error) {
	if (*s).stale() {
		(*s).discard()
		*s = nil
	}
	for attempt := 0; ; attempt++ {
		if *s == nil {
			if *s, err = l.openPatiently(ctx); err != nil {
				return err
			}
		}
		err = do(*s, attempt > 0)
		(*s).used = time.Now()
		if err == nil || !mysql.IsConnectionLost(err) || ctx.Err() != nil {
			return err
		}
		lost := (*s).lose()
		*s = nil
		if attempt+1 >= maxAttempts {
			return err
		}
		l.summary.retriedStatement(what, err)
		l.counters.Retries.Add(1)
		l.log.Warn("connection was lost, looking at what the target has and going on", "at", what, "attempt", attempt+1, "error", err)
		sleep(ctx, backoff(attempt))
		if err := l.buryPatiently(ctx, lost); err != nil {
			return err
		}
	}
}

func (l *load) buryPatiently(ctx context.Context, lost slot) error {
	return retry(ctx, maxAttempts, mysql.IsConnectionLost, func() error { return l.bury(ctx, lost) })
}

// openForRows starts a session for rows: text in statements is bytes.
func (l *load) openForRows(ctx context.Context) (*session, error) {
	s, err := l.open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.ExecContext(ctx, "SET NAMES binary, character_set_results=utf8mb4"); err != nil {
		s.discard()
		return nil, err
	}
	if l.viaS3.Load() {
		l.activateRoles(ctx, s)
	}
	return s, nil
}

// discard closes the connection: what is open in it is rolled back by the server.
func (s *session) discard() {
	if s != nil {
		s.lose().release()
	}
}

// lose closes the connection and leaves its slot taken: another session must not have that name before bury has looked
// for the one that was lost.
func (s *session) lose() slot {
	_ = s.Close() // it may be closed already; there is nothing to be done about an error
	return s.slot
}

const teardownTime = 10 * time.Second

// rollback has the server acknowledge the end of the transaction, or throws the session away and reports false.
func (s *session) rollback(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), teardownTime)
	defer cancel()
	if _, err := s.ExecContext(ctx, "ROLLBACK"); err != nil {
		s.discard()
		return false
	}
	return true
}

// use sets the session's schema and what a file asked for before a statement. mode is false for tables, where only the
// way in which text is read is the file's.
func (s *session) use(ctx context.Context, schema string, vars map[string]string, mode bool, to transform.Target) error {
	if schema != s.schema {
		if err := s.plain(ctx, to); err != nil {
			return err
		}
		if _, err := s.ExecContext(ctx, "USE "+mysql.QuoteName(schema)); err != nil {
			return err
		}
		s.schema = schema
	}
	return s.apply(ctx, vars, mode, to)
}

// plain makes the session read statements as gomove writes its own: in utf8mb4.
func (s *session) plain(ctx context.Context, to transform.Target) error {
	return s.apply(ctx, nil, false, to)
}

func (s *session) apply(ctx context.Context, vars map[string]string, mode bool, to transform.Target) error {
	set, err := s.settings(vars, mode, to)
	if err != nil {
		return err
	}
	if set == s.applied {
		return nil
	}
	s.applied = ""
	if _, err := s.ExecContext(ctx, set); err != nil {
		return fmt.Errorf("%s: %w", set, err)
	}
	s.applied = set
	return nil
}

func (s *session) settings(vars map[string]string, mode bool, to transform.Target) (string, error) {
	client := to.Charset(orDefault(vars[varClient], "utf8mb4"))
	parts := []string{"character_set_client=" + mysql.QuoteString(client)}
	if c := vars[varCollation]; c != "" {
		c, _, err := transform.AdaptCollation(c, to)
		if err != nil {
			return "", err
		}
		parts = append(parts, "collation_connection="+mysql.QuoteString(c))
	} else {
		connection := to.Charset(orDefault(vars[varConnection], client))
		parts = append(parts, "character_set_connection="+mysql.QuoteString(connection))
	}
	sqlMode, zone := s.baseMode, s.baseZone
	want, given := vars[varMode]
	switch {
	case mode:
		zone = orDefault(vars[varTimeZone], s.ownZone)
		if sqlMode = s.ownMode; given {
			sqlMode, _ = transform.AdaptSQLMode(want, to)
		}
	case given:
		sqlMode = withFlags(sqlMode, want)
	}
	parts = append(parts, "sql_mode="+mysql.QuoteString(sqlMode), "time_zone="+mysql.QuoteString(zone))
	return "SET " + strings.Join(parts, ", "), nil
}

// withFlags adds to mode the parts of want that decide how text is read.
func withFlags(mode, want string) string {
	m := transform.ModeOf("utf8mb4", want)
	if m.ANSIQuotes {
		mode += ",ANSI_QUOTES"
	}
	if m.NoBackslashEscapes {
		mode += ",NO_BACKSLASH_ESCAPES"
	}
	return strings.TrimPrefix(mode, ",")
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

// randomName is 128 random bits in hex.
func randomName() string {
	var b [16]byte
	rand.Read(b[:]) // never fails: https://pkg.go.dev/crypto/rand#Read
	return hex.EncodeToString(b[:])
}
