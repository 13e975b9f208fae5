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
		row, err := queryNamed(ctx, c, q)
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
		r.filtered = len(row) > 0 && row[0]["binlog_do_db"]+row[0]["binlog_ignore_db"] != ""
		break
	}
	for _, q := range []string{"SHOW SLAVE STATUS", "SHOW REPLICA STATUS"} {
		rows, err := queryNamed(ctx, c, q)
		if err != nil {
			if mysql.IsConnectionLost(err) {
				return r, fmt.Errorf("%s: %w", q, err)
			}
			continue
		}
		if len(rows) > 0 {
			r.replica, r.channels = q, len(rows)
			running := rows[0]["slave_sql_running"] + rows[0]["replica_sql_running"]
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
	rows, err := queryNamed(ctx, c, r.replica)
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
	rows, err := queryNamed(ctx, c, r.status)
	if err != nil {
		return dump.Coordinates{}, fmt.Errorf("%s: %w", r.status, err)
	}
	if len(rows) == 0 || rows[0]["file"] == "" {
		return dump.Coordinates{State: dump.BinlogOff}, nil
	}
	out := dump.Coordinates{State: dump.Recorded, File: rows[0]["file"], GTIDSet: oneLine(rows[0]["executed_gtid_set"])}
	out.Position, err = strconv.ParseUint(rows[0]["position"], 10, 64)
	if err != nil {
		return out, fmt.Errorf("%s: position %q: %w", r.status, rows[0]["position"], err)
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
func sourceCoordinates(row map[string]string) *dump.Coordinates {
	get := func(names ...string) string {
		for _, n := range names {
			if v, ok := row[n]; ok {
				return v
			}
		}
		return ""
	}
	out := &dump.Coordinates{
		State:   dump.Recorded,
		File:    get("relay_source_log_file", "relay_master_log_file"),
		GTIDSet: oneLine(get("executed_gtid_set", "gtid_slave_pos")),
		Host:    get("source_host", "master_host"),
		Channel: get("channel_name", "connection_name"),
	}
	out.Position, _ = strconv.ParseUint(get("exec_source_log_pos", "exec_master_log_pos"), 10, 64)
	out.Port, _ = strconv.Atoi(get("source_port", "master_port"))
	return out
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", "") }

// queryNamed reads a small result as maps from lower-case column name to text.
func queryNamed(ctx context.Context, c *mysql.Conn, query string) ([]map[string]string, error) {
	rows, err := c.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var out []map[string]string
	for rows.Next() {
		values := make([]nullBytes, len(names))
		cells := make([]any, len(names))
		for i := range values {
			cells[i] = &values[i]
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		m := make(map[string]string, len(names))
		for i, n := range names {
			m[strings.ToLower(n)] = string(values[i])
		}
		out = append(out, m)
	}
	return out, rows.Err()
}
