package replica

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// followedTable remembers from which places the target has followed a source, and where it stood when that ended.
const followedTable = "`gomove`.`followed`"

const followedColumns = ` (
  id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  place_of VARCHAR(512) NOT NULL,
  place MEDIUMTEXT NOT NULL,
  started DATETIME(6) NOT NULL,
  ended DATETIME(6) NULL,
  stood_file VARCHAR(255) NULL,
  stood_position BIGINT UNSIGNED NULL,
  stood_gtid MEDIUMTEXT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

const errReadOnly = 1290

// clock is a time as the tables of gomove have it.
func clock(t time.Time) string {
	return mysql.QuoteString(t.UTC().Format("2006-01-02 15:04:05.000000"))
}

// checkFollowed finds a place that the target has followed its source from before: what came after it would be applied again, and rows of
// tables without a key would be there twice, without an error. MySQL's GTIDs tell that by themselves, and --from is the user's word.
func (s *starting) checkFollowed(ctx context.Context) ([]Finding, error) {
	if s.place.Given || s.by == ByGTID && !s.e.speak.mariadb {
		return nil, nil
	}
	rows, err := mysql.QueryNamed(ctx, s.e.target.DB(), "SELECT started, stood_file, stood_position, stood_gtid FROM "+followedTable+
		" WHERE place_of="+mysql.QuoteString(s.place.Of)+" AND place="+mysql.QuoteString(s.place.String())+" AND started>="+clock(s.place.Loaded)+" ORDER BY id DESC LIMIT 1")
	if n := mysql.Number(err); n == errNoTable || n == errNoSchema || err == nil && len(rows) == 0 {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", followedTable, err)
	}
	position, _ := strconv.ParseUint(rows[0].Text("stood_position"), 10, 64)
	stood := Place{File: rows[0].Text("stood_file"), Position: position, GTIDSet: rows[0].Text("stood_gtid")}
	at, was := placeText(stood, s.by), placeText(s.place, s.by)
	if at != "" && at == was {
		return nil, nil // nothing was applied
	}
	again := "copy again, or say with --from where it stood"
	if at != "" {
		again = "--from '" + at + "' goes on where it stood"
	}
	if s.place.Loaded.IsZero() {
		again += "; if the dump was loaded anew since, --from '" + was + "'"
	}
	return []Finding{stops(fmt.Sprintf("the target has followed the source from %s before, since %s UTC, and would apply the same changes twice", s.place.Of, rows[0].Text("started")), again)}, nil
}

// placeText is a place as --from takes it.
func placeText(p Place, by By) string {
	if by == ByGTID || p.File == "" {
		return p.GTIDSet
	}
	return Point{p.File, p.Position}.String()
}

// keepFollowed remembers that the target follows from the place. An account that may not is told.
func (s *starting) keepFollowed(ctx context.Context) error {
	return s.e.keep(ctx, "CREATE DATABASE IF NOT EXISTS `gomove`", "CREATE TABLE IF NOT EXISTS "+followedTable+followedColumns,
		"INSERT INTO "+followedTable+" (place_of, place, started) VALUES ("+mysql.QuoteString(s.place.Of)+", "+mysql.QuoteString(s.place.String())+", "+clock(time.Now())+")")
}

// keep runs statements for gomove's own tables on the target, out of its binary log.
func (e *ends) keep(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		err := run(ctx, e.target, statement{sql: sql, unlogged: true})
		if mysql.IsDenied(err) || mysql.Number(err) == errReadOnly {
			e.log.Warn("the account may not keep gomove's record of this on the target", "error", err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("target: the schema gomove: %w", err)
		}
	}
	return nil
}

// keepStood remembers where the target stood when it stopped, if the server knows that exactly, and that a cut-over is for good.
func (p *repairing) keepStood(ctx context.Context) error {
	s := p.status
	set := "ended=" + clock(time.Now())
	if p.exact() {
		set += fmt.Sprintf(", stood_file=%s, stood_position=%d, stood_gtid=%s", mysql.QuoteString(s.Applied.File), s.Applied.Position, mysql.QuoteString(s.Executed))
	}
	var errs []error
	for _, sql := range []string{
		"UPDATE " + followedTable + " SET " + set + " WHERE ended IS NULL",
		"UPDATE " + cutoversTable + " SET undone=UTC_TIMESTAMP(6) WHERE undone IS NULL",
	} {
		err := p.e.keep(ctx, sql)
		if n := mysql.Number(err); n != errNoTable && n != errNoSchema {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// exact reports that nothing behind the place is applied: appliers in parallel that keep no order may have, when one of them fails.
func (p *repairing) exact() bool {
	v := p.e.target.Facts.Variables
	first := func(names ...string) string {
		for _, n := range names {
			if value, ok := v[n]; ok {
				return value
			}
		}
		return ""
	}
	workers, _ := strconv.Atoi(first("replica_parallel_workers", "slave_parallel_workers"))
	return p.status.SQLErrno == 0 || p.e.speak.mariadb || workers < 2 || strings.EqualFold(first("replica_preserve_commit_order", "slave_preserve_commit_order"), "ON")
}

// checkCopies finds another copy of the same source, taken at another place: one place is wrong for the tables of one of them.
func (s *starting) checkCopies(ctx context.Context) ([]Finding, error) {
	if s.place.Loaded.IsZero() || s.place.UUID == "" && s.place.ServerID == 0 {
		return nil, nil
	}
	rows, err := mysql.QueryNamed(ctx, s.e.target.DB(), "SELECT id, binlog_file, binlog_position, gtid_set FROM "+copiesTable+" WHERE coordinates='recorded'"+
		" AND finished<"+clock(s.place.Loaded)+" AND COALESCE(source_uuid, '')="+mysql.QuoteString(s.place.UUID)+fmt.Sprintf(" AND source_server_id=%d", s.place.ServerID)+" ORDER BY finished DESC")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", copiesTable, err)
	}
	for _, r := range rows {
		position, _ := strconv.ParseUint(r.Text("binlog_position"), 10, 64)
		other := Place{File: r.Text("binlog_file"), Position: position, GTIDSet: oneLine(r.Text("gtid_set"))}
		if strings.Contains(s.place.Of, r.Text("id")) || placeText(other, s.by) == placeText(s.place, s.by) {
			continue // the same command, again
		}
		return []Finding{stops(fmt.Sprintf("the target has copies of this source that were taken at different places, %s and before it %s (copy %s): changes of the earlier one's tables between the two would be lost",
			placeText(s.place, s.by), placeText(other, s.by), r.Text("id")),
			"copy all in one command; or, if the last copy has everything, --from '"+placeText(s.place, s.by)+"'")}, nil
	}
	return nil, nil
}
