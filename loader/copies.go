package loader

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

// CopiesTable keeps what was copied, from which place in the source's binary log on replication goes on.
const CopiesTable = "copies"

const copiesColumns = ` (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  started DATETIME(6) NOT NULL,
  finished DATETIME(6) NOT NULL,
  source VARCHAR(300) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source_version VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  source_uuid VARCHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  source_server_id BIGINT UNSIGNED NOT NULL,
  coordinates VARCHAR(30) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  binlog_file VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  binlog_position BIGINT UNSIGNED NULL,
  gtid_set MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  primary_host VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  primary_port INT UNSIGNED NULL,
  primary_binlog_file VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  primary_binlog_position BIGINT UNSIGNED NULL,
  primary_gtid_set MEDIUMTEXT CHARACTER SET ascii COLLATE ascii_bin NULL,
  table_count INT UNSIGNED NOT NULL,
  row_count BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (id, started)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='finished gomove copies: where replication goes on from'`

// recordCopy stores the source's coordinates on the target. Where the account may not, they are in the summary only.
func (l *load) recordCopy(ctx context.Context) error {
	if l.o.Copy.Open == nil {
		return nil
	}
	name := mysql.QuoteTable(progressSchema, CopiesTable)
	err := change(ctx, l.server, "CREATE DATABASE IF NOT EXISTS "+mysql.QuoteName(progressSchema))
	if err == nil {
		err = change(ctx, l.server, "CREATE TABLE IF NOT EXISTS "+name+copiesColumns)
	}
	if err == nil {
		err = change(ctx, l.server, l.copyRecord(name))
	}
	if mysql.IsDenied(err) {
		l.warn("the account may not store the source's coordinates in " + name + ": note them from this summary")
		return nil
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	return nil
}

func (l *load) copyRecord(name string) string {
	m := l.from.Manifest()
	own := &m.Snapshot.Coordinates
	primary := m.Snapshot.Source
	if primary == nil {
		primary = &dump.Coordinates{}
	}
	var tables int
	var rows int64
	for _, t := range l.order {
		if !t.left {
			tables++
			rows += t.loaded
		}
	}
	text := func(s string) string {
		if s == "" {
			return "NULL"
		}
		return mysql.QuoteString(s)
	}
	number := func(file string, n uint64) string {
		if file == "" {
			return "NULL"
		}
		return strconv.FormatUint(n, 10)
	}
	at := func(t time.Time) string { return mysql.QuoteString(t.UTC().Format("2006-01-02 15:04:05.000000")) }
	values := []string{
		mysql.QuoteString(m.ID), at(m.Started), at(time.Now()),
		mysql.QuoteString(l.o.Copy.Source), mysql.QuoteString(m.Server.Version), mysql.QuoteString(m.Server.UUID), strconv.FormatUint(m.Server.ServerID, 10),
		mysql.QuoteString(string(own.State)), text(own.File), number(own.File, own.Position), text(own.GTIDSet),
		text(primary.Host), number(primary.Host, uint64(primary.Port)), text(primary.File), number(primary.File, primary.Position), text(primary.GTIDSet),
		strconv.Itoa(tables), strconv.FormatInt(rows, 10),
	}
	return "INSERT INTO " + name + " VALUES (" + strings.Join(values, ",") + ") ON DUPLICATE KEY UPDATE finished=VALUES(finished)"
}
