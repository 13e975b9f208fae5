package preflight

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// binaryLog finds what keeps a target from following the source after the copy.
func binaryLog(_ context.Context, e *examination) ([]Finding, error) {
	f := &e.Source.Facts
	var objects []Object
	wrong := func(name, value, want string) {
		fix := ""
		if !managed(e.Source) && name != "log_bin" && name != "log_slave_updates" && name != "log_replica_updates" {
			fix = "SET GLOBAL " + name + "=" + literal(want)
		}
		objects = append(objects, Object{Name: name, Detail: "is " + shown(value) + ", needs " + want, Fix: fix})
	}
	if !f.LogBin {
		wrong("log_bin", "OFF", "ON")
	} else {
		for _, v := range [][2]string{{"binlog_format", "ROW"}, {"binlog_row_image", "FULL"}, {"binlog_transaction_compression", "OFF"}, {"log_bin_compress", "OFF"}} {
			if value, has := f.Variables[v[0]]; has && !strings.EqualFold(value, v[1]) {
				wrong(v[0], value, v[1])
			}
		}
		if f.ServerID == 0 {
			wrong("server_id", "0", "1")
		}
		if kept, ok := logKept(f); ok && kept < 24*time.Hour {
			name := "binlog_expire_logs_seconds"
			if _, has := f.Variables[name]; !has {
				name = "expire_logs_days"
			}
			wrong(name, f.Variables[name], map[bool]string{true: "172800", false: "2"}[name == "binlog_expire_logs_seconds"])
		}
	}
	return found(objects, Finding{
		Severity: Note, What: "settings of the binary log by which a target cannot follow the source", Why: "a dump and a load need none of them; replication from the dump's coordinates does",
		Fix: "set them before the dump where the target is to follow; on RDS automated backups switch the log on, and CALL mysql.rds_set_configuration('binlog retention hours', 48) keeps it; on Aurora binlog_format in the cluster's parameter group",
	}), nil
}

// logKept is how long the server keeps its binary logs; ok is false where it keeps them for ever or does not say.
func logKept(f *mysql.Facts) (kept time.Duration, ok bool) {
	if s := number(f.Variables["binlog_expire_logs_seconds"]); s > 0 {
		return time.Duration(s) * time.Second, true
	}
	if d := number(strings.TrimSuffix(f.Variables["expire_logs_days"], ".000000")); d > 0 {
		return time.Duration(d) * 24 * time.Hour, true
	}
	return 0, false
}

// replicaStatus reads a server's status as a replica; nil where it is none.
func replicaStatus(ctx context.Context, s *mysql.Server) (mysql.Named, error) {
	query := "SHOW SLAVE STATUS"
	if s.Facts.AtLeast(mysql.MySQL, 80022) {
		query = "SHOW REPLICA STATUS"
	}
	rows, err := mysql.QueryNamed(ctx, s.DB(), query)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// sourceReplica finds a source whose rows come from another server, and are late.
func sourceReplica(ctx context.Context, e *examination) ([]Finding, error) {
	r, err := replicaStatus(ctx, e.Source)
	if err != nil || r == nil {
		return nil, err
	}
	from := r.First("source_host", "master_host")
	fix := "nothing is needed: the dump records the coordinates on " + from + " too, for a target that is to follow that server"
	stopped := r.First("replica_io_running", "slave_io_running") != "Yes" || r.First("replica_sql_running", "slave_sql_running") != "Yes"
	late := number(r.First("seconds_behind_source", "seconds_behind_master"))
	broken := strings.TrimSpace(r.First("last_io_error") + " " + r.First("last_sql_error"))
	switch {
	case broken != "":
		return []Finding{{Severity: Warning, What: "the source is a replica of " + from + " whose replication is broken: " + broken, Why: "what is dumped is as old as the error", Fix: "repair its replication first, or dump " + from}}, nil
	case stopped:
		return []Finding{{Severity: Warning, What: "the source is a replica of " + from + " whose replication is stopped", Why: "what is dumped is as old as the stop", Fix: "nothing, where it was stopped for this dump: " + fix}}, nil
	case late > e.limits.lag:
		return []Finding{{Severity: Warning, What: fmt.Sprintf("the source is a replica of %s and %d s behind it", from, late), Why: "what is dumped is that old", Fix: "wait until it has caught up"}}, nil
	}
	return []Finding{{Severity: Note, What: "the source is a replica of " + from, Why: "a good place to dump from: the primary does not notice", Fix: fix}}, nil
}

var definitionStatement = regexp.MustCompile(`(?i)^\s*(ALTER|CREATE|DROP|RENAME|TRUNCATE|OPTIMIZE|REPAIR)\s`)

// longWork finds old transactions and DDL under way.
func longWork(ctx context.Context, e *examination) ([]Finding, error) {
	var old, ddl []Object
	open, err := mysql.Transactions(ctx, e.Source.DB())
	if err != nil {
		return nil, err
	}
	for _, t := range open {
		if age := time.Duration(t.Age) * time.Second; t.Thread != 0 && age >= e.limits.busy {
			name := fmt.Sprintf("connection %d", t.Thread)
			old = append(old, Object{Name: name, Detail: "its transaction is " + progress.Duration(age) + " old", Fix: fmt.Sprintf("KILL %d", t.Thread)})
		}
	}
	// Not from information_schema.PROCESSLIST: MySQL 9.7 gives error 3854 there while anybody's statement has a 4-byte character.
	processes, err := mysql.QueryNamed(ctx, e.Source.DB(), "SHOW FULL PROCESSLIST")
	for _, p := range processes {
		if info := p.Text("info"); p.Text("command") != "Sleep" && definitionStatement.MatchString(info) {
			ddl = append(ddl, Object{Name: "connection " + p.Text("id"), Detail: strings.ToValidUTF8(info[:min(len(info), 100)], "?")})
		}
	}
	return append(found(old, Finding{
		Severity: Warning, What: "old transactions on the source", Why: "a lock for the snapshot waits for the statements of their sessions, and everybody else then waits for the lock",
		Fix: "wait until they have ended, or end them; dump gives up after --max-lock-wait",
	}), found(ddl, Finding{
		Severity: Warning, What: "DDL that runs on the source now", Why: "a table that is altered during a dump makes the dump fail (error 1412)", Fix: "wait until it has ended",
	})...), err
}
