package dumper

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// positionReader knows how this server tells its place in the binary log, found out before the barrier so that under the
// lock one round trip is enough.
type positionReader struct {
	status         string // SHOW MASTER STATUS or SHOW BINARY LOG STATUS; empty when neither may be asked
	denied         bool
	filtered       bool   // binlog-do-db or binlog-ignore-db is set
	replica        string // SHOW SLAVE STATUS or SHOW REPLICA STATUS; empty when this server is no replica
	replicaRunning bool
	channels       int // that this replica reads from
	mariadb        bool
}

// findPositionReader decides by trying: MySQL 8.2 brought SHOW BINARY LOG STATUS and 8.4 took SHOW MASTER STATUS away.
func findPositionReader(ctx context.Context, s *mysql.Server, c *mysql.Conn) (positionReader, error) {
	r := positionReader{mariadb: s.Facts.Flavor == mysql.MariaDB}
	for _, q := range []string{"SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"} {
		row, err := mysql.QueryNamed(ctx, c, q)
		if mysql.IsUnknown(err) {
			continue
		}
		if mysql.IsDenied(err) {
			r.denied = true
			continue
		}
		if err != nil {
			return r, fmt.Errorf("%s: %w", q, err)
		}
		r.status, r.denied = q, false
		r.filtered = len(row) > 0 && row[0].Text("binlog_do_db")+row[0].Text("binlog_ignore_db") != ""
		break
	}
	for _, q := range []string{"SHOW SLAVE STATUS", "SHOW REPLICA STATUS"} {
		rows, err := mysql.QueryNamed(ctx, c, q)
		if err != nil {
			if mysql.IsConnectionLost(err) {
				return r, fmt.Errorf("%s: %w", q, err)
			}
			continue
		}
		if len(rows) > 0 {
			r.replica, r.channels = q, len(rows)
			running := rows[0].First("slave_sql_running", "replica_sql_running")
			r.replicaRunning = running != "No"
		}
		break
	}
	return r, nil
}

// read returns the coordinates of this server, and of its source when it is a replica.
func (r positionReader) read(ctx context.Context, c *mysql.Conn) (own dump.Coordinates, source *dump.Coordinates, err error) {
	own, err = r.own(ctx, c)
	if err != nil || r.replica == "" {
		return own, nil, err
	}
	rows, err := mysql.QueryNamed(ctx, c, r.replica)
	if err != nil {
		return own, nil, fmt.Errorf("%s: %w", r.replica, err)
	}
	if len(rows) == 0 {
		return own, nil, nil
	}
	return own, sourceCoordinates(rows[0]), nil
}

func (r positionReader) own(ctx context.Context, c *mysql.Conn) (dump.Coordinates, error) {
	if r.status == "" {
		return dump.Coordinates{State: dump.NoPrivilege}, nil
	}
	rows, err := mysql.QueryNamed(ctx, c, r.status)
	if err != nil {
		return dump.Coordinates{}, fmt.Errorf("%s: %w", r.status, err)
	}
	if len(rows) == 0 || rows[0].Text("file") == "" {
		return dump.Coordinates{State: dump.BinlogOff}, nil
	}
	out := dump.Coordinates{State: dump.Recorded, File: rows[0].Text("file"), GTIDSet: oneLine(rows[0].Text("executed_gtid_set"))}
	out.Position, err = strconv.ParseUint(rows[0].Text("position"), 10, 64)
	if err != nil {
		return out, fmt.Errorf("%s: position %q: %w", r.status, rows[0].Text("position"), err)
	}
	return out, nil
}

// complete adds MariaDB's GTID position. It is not read under the lock: the server scans the binary log for it.
func (r positionReader) complete(ctx context.Context, c *mysql.Conn, own *dump.Coordinates) (err error) {
	if r.mariadb && own.State == dump.Recorded && own.GTIDSet == "" {
		own.GTIDSet, err = gtidAt(ctx, c, own.File, own.Position)
	}
	return err
}

// gtidAt asks MariaDB for the GTID position that belongs to a place (https://mariadb.com/kb/en/binlog_gtid_pos/).
func gtidAt(ctx context.Context, c *mysql.Conn, file string, position uint64) (string, error) {
	var gtid sql.NullString
	q := "SELECT BINLOG_GTID_POS(" + mysql.QuoteString(file) + "," + strconv.FormatUint(position, 10) + ")"
	if err := c.QueryRowContext(ctx, q).Scan(&gtid); err != nil {
		return "", fmt.Errorf("BINLOG_GTID_POS: %w", err)
	}
	return gtid.String, nil
}

// sourceCoordinates reads a replica's status under its old or new column names.
func sourceCoordinates(row mysql.Named) *dump.Coordinates {
	out := &dump.Coordinates{
		State:   dump.Recorded,
		File:    row.First("relay_source_log_file", "relay_master_log_file"),
		GTIDSet: oneLine(row.First("executed_gtid_set", "gtid_slave_pos")),
		Host:    row.First("source_host", "master_host"),
		Channel: row.First("channel_name", "connection_name"),
	}
	out.Position, _ = strconv.ParseUint(row.First("exec_source_log_pos", "exec_master_log_pos"), 10, 64)
	out.Port, _ = strconv.Atoi(row.First("source_port", "master_port"))
	return out
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }
