package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// ErrNotFollowing is a target that does not follow the source, or has stopped to.
var ErrNotFollowing = errors.New("the target does not follow the source")

// errBehind is a target that did not reach a place of the source's log in time.
var errBehind = errors.New("the target is behind the source")

// following waits until the target has applied what the source has logged.
type following struct {
	*comparison
	byGTID  bool   // places are GTID sets: the target uses them, or reads another log than the source's own
	channel string // of the target; empty is the default one
	behind  string // seconds, as the target's status says; empty where it does not
	last    string // place that was waited for
}

// follow finds out whether the target replicates from the source, and then waits for it once.
func (c *comparison) follow(ctx context.Context) error {
	if c.dump != nil {
		return nil
	}
	f, problem, err := c.findChannel(ctx)
	switch {
	case err != nil:
		if c.o.Replicating || !mysql.IsDenied(err) {
			return err
		}
		c.o.Log.Debug("not known whether the target replicates", "error", err)
		return nil
	case problem != "":
		if c.o.Replicating {
			return fmt.Errorf("%w: %s", ErrNotFollowing, problem)
		}
		if f != nil {
			c.warn("the target is a replica of the source, but " + problem + ": it was compared as it stands")
		}
		return nil
	}
	c.followed = f
	c.o.Progress.SetPhase("replication")
	return f.catchUp(ctx, c.o.MaxWait)
}

// findChannel returns what the target replicates from the source by. problem says why it does not; with a channel, why not now.
func (c *comparison) findChannel(ctx context.Context) (f *following, problem string, err error) {
	query := "SHOW SLAVE STATUS"
	facts := &c.servers[target].Facts
	switch {
	case facts.Flavor == mysql.MariaDB:
		query = "SHOW ALL SLAVES STATUS"
	case facts.Number >= 80022:
		query = "SHOW REPLICA STATUS"
	}
	rows, err := mysql.QueryNamed(ctx, c.servers[target].DB(), query)
	if mysql.IsDenied(err) && c.o.Replicating {
		c.o.Log.Warn("the account may not see the target's replication; it is taken to read the source's log", "error", err)
		return &following{comparison: c}, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", query, err)
	}
	from := &c.servers[source].Facts
	var other mysql.Named
	for _, r := range rows {
		if r.First("source_host", "master_host") == "" {
			continue
		}
		uuid, id := r.First("source_uuid", "master_uuid"), r.First("source_server_id", "master_server_id")
		port := r.First("source_port", "master_port")
		direct := uuid != "" && uuid == from.UUID ||
			// Of MariaDB, whose server ids need not be unique in the world.
			uuid == "" && id == strconv.FormatUint(from.ServerID, 10) && (c.o.Replicating || port == strconv.Itoa(from.Port) || port == strconv.Itoa(c.o.Source.Port))
		if !direct {
			other = r
			continue
		}
		// Several appliers of MySQL bring its position up to date a few times a second, its GTIDs at once.
		f := &following{comparison: c, channel: r.First("channel_name", "connection_name"), byGTID: r.Text("auto_position") == "1", behind: behind(r)}
		return f, stopped(r), nil
	}
	if other != nil && c.o.Replicating { // by way of another server: only GTIDs mean the same there
		return &following{comparison: c, byGTID: true, channel: other.First("channel_name", "connection_name"), behind: behind(other)}, stopped(other), nil
	}
	return nil, "it replicates from no server, or from another one", nil
}

// stopped says why a channel applies nothing.
func stopped(r mysql.Named) string {
	for _, thread := range []struct{ name, state, number, text string }{
		{"applies nothing", r.First("replica_sql_running", "slave_sql_running"), r.Text("last_sql_errno"), r.Text("last_sql_error")},
		{"receives nothing", r.First("replica_io_running", "slave_io_running"), r.Text("last_io_errno"), r.Text("last_io_error")},
	} {
		if thread.state == "Yes" {
			continue
		}
		s := "it " + thread.name
		if thread.text != "" {
			s += ": error " + thread.number + ", " + thread.text
		}
		return s
	}
	return ""
}

// logged is a place in the source's log.
type logged struct {
	file     string
	position string
	gtids    string
}

func (l logged) String() string {
	if l.file == "" {
		return "GTID " + l.gtids
	}
	return l.file + ":" + l.position
}

// logEnd is where the source's log ends: what was read of the source before is in it.
func (f *following) logEnd(ctx context.Context) (logged, error) {
	s := f.servers[source]
	query := "SHOW MASTER STATUS"
	if s.Facts.AtLeast(mysql.MySQL, 80200) {
		query = "SHOW BINARY LOG STATUS"
	}
	rows, err := mysql.QueryNamed(ctx, s.DB(), query)
	if err != nil {
		return logged{}, fmt.Errorf("source: %s: %w", query, err)
	}
	if len(rows) == 0 {
		return logged{}, fmt.Errorf("%w: the source's binary log is off", ErrNotFollowing)
	}
	l := logged{file: rows[0].Text("file"), position: rows[0].Text("position"), gtids: strings.ReplaceAll(rows[0].Text("executed_gtid_set"), "\n", "")}
	if f.byGTID {
		if s.Facts.Flavor == mysql.MariaDB {
			if err := s.DB().QueryRowContext(ctx, "SELECT @@GLOBAL.gtid_binlog_pos").Scan(&l.gtids); err != nil {
				return l, fmt.Errorf("source: gtid_binlog_pos: %w", err)
			}
		}
		l.file = ""
		if l.gtids == "" {
			return l, fmt.Errorf("%w itself, and there are no GTIDs to wait for", ErrNotFollowing)
		}
	}
	return l, nil
}

// waitSeconds is how long one statement waits on the target.
const waitSeconds = 1

// waitQuery waits on the target for a place. Its result is -1 when the time is over, NULL when nothing is applied.
func (f *following) waitQuery(l logged) string {
	facts := &f.servers[target].Facts
	mariadb := facts.Flavor == mysql.MariaDB
	if l.file == "" {
		gtids := mysql.QuoteString(l.gtids)
		switch {
		case mariadb:
			return fmt.Sprintf("SELECT MASTER_GTID_WAIT(%s, %d)", gtids, waitSeconds)
		case facts.Number >= 50705:
			return fmt.Sprintf("SELECT IF(WAIT_FOR_EXECUTED_GTID_SET(%s, %d), -1, 0)", gtids, waitSeconds)
		}
		return fmt.Sprintf("SELECT WAIT_UNTIL_SQL_THREAD_AFTER_GTIDS(%s, %d)", gtids, waitSeconds)
	}
	name := "MASTER_POS_WAIT"
	if !mariadb && facts.Number >= 80026 {
		name = "SOURCE_POS_WAIT"
	}
	more := ""
	if f.channel != "" {
		more = ", " + mysql.QuoteString(f.channel)
	}
	return fmt.Sprintf("SELECT %s(%s, %s, %d%s)", name, mysql.QuoteString(l.file), l.position, waitSeconds, more)
}

// catchUp returns once the target has applied all that the source has logged by now.
func (f *following) catchUp(ctx context.Context, limit time.Duration) error {
	l, err := f.logEnd(ctx)
	if err != nil {
		return err
	}
	f.last = l.String()
	query := f.waitQuery(l)
	started, told := time.Now(), time.Now()
	for {
		var reached sql.NullInt64
		if err := f.servers[target].DB().QueryRowContext(ctx, query).Scan(&reached); err != nil {
			return fmt.Errorf("target: wait for %s: %w", l, err)
		}
		switch {
		case reached.Valid && reached.Int64 >= 0:
			return nil
		case !reached.Valid:
			if err := f.why(ctx); err != nil {
				return err
			}
		}
		if time.Since(started) > limit {
			return fmt.Errorf("%w: it has not applied %s after %s", errBehind, l, limit)
		}
		if time.Since(told) > 10*time.Second {
			told = time.Now()
			f.o.Log.Info("waits for the target", "place", l.String(), "waited", time.Since(started).Round(time.Second), "seconds_behind", f.lag(ctx))
		}
	}
}

// behind is how many seconds a status says that its replica is behind.
func behind(r mysql.Named) string { return r.First("seconds_behind_source", "seconds_behind_master") }

// lag is how many seconds the target says that it is behind; "unknown" where it does not.
func (f *following) lag(ctx context.Context) string {
	if g, _, err := f.findChannel(ctx); err == nil && g != nil && g.behind != "" {
		return g.behind
	}
	return "unknown"
}

// why tells why the target waits for nothing; nil when it applies again.
func (f *following) why(ctx context.Context) error {
	g, problem, err := f.findChannel(ctx)
	switch {
	case err != nil:
		return err
	case problem != "":
		return fmt.Errorf("%w any more: %s", ErrNotFollowing, problem)
	case g != nil:
		f.channel = g.channel
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(100 * time.Millisecond):
		return nil
	}
}
