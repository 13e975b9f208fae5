package replica

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// errUnseedable is a target whose GTIDs cannot be set to those of the copy without loss.
var errUnseedable = errors.New("the target's GTIDs cannot be set to the copy's")

// seedable finds out whether the target can be told that it has the copy's transactions, and no others of the source.
func (s *starting) seedable(ctx context.Context) error {
	if s.e.speak.mariadb {
		return s.seedableMariaDB(ctx)
	}
	own, err := word(ctx, s.e.target, "SELECT @@GLOBAL.gtid_executed")
	if err != nil {
		return err
	}
	own = oneLine(own)
	missing, err := s.missingGTIDs(ctx)
	if err != nil {
		return err
	}
	switch {
	case missing == "", s.e.target.Facts.AtLeast(mysql.MySQL, 80000):
		return nil
	case s.e.speak.managed() && s.e.speak.procedure("rds_gtid_purged", "rds_set_external_source_gtid_purged") == "":
		return fmt.Errorf("%w: it has no procedure for that", errUnseedable)
	case own != "":
		return fmt.Errorf("%w: MySQL before 8.0 takes gtid_purged only while gtid_executed is empty, and it is %s", errUnseedable, own)
	}
	return nil
}

// checkBeyond refuses a target that counts transactions of the source as its own which came after the copy: it would skip them without a word,
// also where the place is a position.
func (s *starting) checkBeyond(ctx context.Context) error {
	own, err := word(ctx, s.e.target, "SELECT @@GLOBAL.gtid_executed")
	if err != nil {
		return err
	}
	_, all, err := logEnd(ctx, s.e.source)
	if err != nil {
		return err
	}
	beyond, err := word(ctx, s.e.target, "SELECT GTID_SUBTRACT("+quote(oneLine(own))+", "+quote(s.place.GTIDSet)+")")
	if err != nil {
		return err
	}
	rest, err := word(ctx, s.e.target, "SELECT GTID_SUBTRACT("+quote(oneLine(beyond))+", "+quote(all)+")")
	if err != nil {
		return err
	}
	if oneLine(rest) != oneLine(beyond) {
		return fmt.Errorf("%w: the target has executed transactions of the source that came after %s (%s), and would skip them: if it was not copied into since it replicated, give --from the GTID set at which it stood;"+
			" else RESET BINARY LOGS AND GTIDS (RESET MASTER before 8.4) on the target and copy again", ErrRefused, s.place.Of, oneLine(own))
	}
	return nil
}

// missingGTIDs are the copy's transactions that the target does not count as its own yet.
func (s *starting) missingGTIDs(ctx context.Context) (string, error) {
	missing, err := word(ctx, s.e.target, "SELECT GTID_SUBTRACT("+quote(s.place.GTIDSet)+", @@GLOBAL.gtid_executed)")
	return oneLine(missing), err
}

// seedableMariaDB finds a strict target that has a later transaction of a domain than the copy.
func (s *starting) seedableMariaDB(ctx context.Context) error {
	if !strings.EqualFold(s.e.target.Facts.Variables["gtid_strict_mode"], "ON") {
		return nil
	}
	own, err := word(ctx, s.e.target, "SELECT @@GLOBAL.gtid_binlog_pos")
	if err != nil {
		return err
	}
	for mine := range strings.SplitSeq(own, ",") {
		for theirs := range strings.SplitSeq(s.place.GTIDSet, ",") {
			a, b := strings.Split(strings.TrimSpace(mine), "-"), strings.Split(strings.TrimSpace(theirs), "-")
			if len(a) != 3 || len(b) != 3 || a[0] != b[0] {
				continue
			}
			m, _ := strconv.ParseUint(a[2], 10, 64)
			n, _ := strconv.ParseUint(b[2], 10, 64)
			if m > n {
				return fmt.Errorf("%w: its gtid_strict_mode is ON, and its own log is at %s, behind the copy's %s", errUnseedable, mine, theirs)
			}
		}
	}
	return nil
}

// seeds are the statements by which the target counts the copy's transactions as its own.
func (s *starting) seeds(ctx context.Context) ([]statement, error) {
	if s.e.speak.mariadb {
		if s.e.speak.managed() {
			return nil, nil // the procedure takes them
		}
		return []statement{onTarget("SET GLOBAL gtid_slave_pos=" + quote(s.place.GTIDSet))}, nil
	}
	missing, err := s.missingGTIDs(ctx)
	if err != nil || missing == "" {
		return nil, err
	}
	plus := ""
	if s.e.target.Facts.AtLeast(mysql.MySQL, 80000) {
		plus = "+"
	}
	d := s.e.speak
	switch {
	case !d.managed():
		return []statement{onTarget("SET GLOBAL gtid_purged=" + quote(plus+missing))}, nil
	case d.procedure("rds_gtid_purged") != "":
		return []statement{call("rds_gtid_purged", plus+missing)}, d.takes("rds_gtid_purged", 1)
	}
	return intervalCalls(missing, d)
}

// intervalCalls calls RDS's procedure once for each interval of a set.
func intervalCalls(set string, d dialect) ([]statement, error) {
	const name = "rds_set_external_source_gtid_purged"
	if _, ok := d.procedures[name]; !ok {
		return nil, fmt.Errorf("%w: %w: the target has no procedure for gtid_purged", ErrRefused, errUnseedable)
	}
	var out []statement
	for source := range strings.SplitSeq(set, ",") {
		uuid, intervals, _ := strings.Cut(strings.TrimSpace(source), ":")
		for interval := range strings.SplitSeq(intervals, ":") {
			from, to, both := strings.Cut(interval, "-")
			if !both {
				to = from
			}
			first, err := strconv.ParseUint(from, 10, 64)
			last, err2 := strconv.ParseUint(to, 10, 64)
			if err := errors.Join(err, err2); err != nil {
				return nil, fmt.Errorf("%w: mysql.%s takes no tagged GTIDs, and %q is one", ErrRefused, name, interval)
			}
			out = append(out, call(name, uuid, first, last))
		}
	}
	return out, d.takes(name, 3)
}
