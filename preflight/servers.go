package preflight

import (
	"context"
	"fmt"
	"strconv"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// compared are the settings by which applications see another server, or the same data behaves otherwise.
func compared() []string {
	return []string{
		"sql_mode", "character_set_server", "collation_server", "explicit_defaults_for_timestamp", "innodb_strict_mode", "tx_isolation", "transaction_isolation",
		"group_concat_max_len", "default_week_format", "div_precision_increment", "auto_increment_increment", "auto_increment_offset", "default_storage_engine",
		"ft_min_word_len", "innodb_ft_min_token_size", "innodb_lock_wait_timeout", "wait_timeout", "event_scheduler", "innodb_default_row_format",
	}
}

// settings finds global variables that differ and that applications notice.
func settings(_ context.Context, e *examination) ([]Finding, error) {
	from, to := e.Source.Facts.Variables, e.Target.Facts.Variables
	var objects []Object
	for _, name := range compared() {
		a, has := from[name]
		b, there := to[name]
		if !has || !there || a == b {
			continue
		}
		fix := ""
		if !managed(e.Target) {
			fix = "SET GLOBAL " + name + "=" + literal(a)
		}
		objects = append(objects, Object{Name: name, Detail: "source " + shown(a) + ", target " + shown(b), Fix: fix})
	}
	out := found(objects, Finding{
		Severity: Note, What: "settings that differ", Why: "applications that rely on the source's may act otherwise on the target; the move itself sets what it needs",
		Fix: "set those that matter to your applications, for good in the server's option file or parameter group; the target may not know a value of another version",
	})
	if a, b := number(from["innodb_page_size"]), number(to["innodb_page_size"]); b > 0 && b < a {
		out = append(out, Finding{
			Severity: Warning, What: fmt.Sprintf("innodb_page_size is %d on the source and %d on the target", a, b),
			Why: "rows and indexes that fit a large page may not fit a smaller one (errors 1118, 1071)", Fix: "a target with the source's page size",
		})
	}
	return out, nil
}

func shown(value string) string {
	if value == "" {
		return "''"
	}
	return value
}

// literal is a variable's value as SET takes it.
func literal(value string) string {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return value
	}
	return mysql.QuoteString(value)
}

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// timeLimits finds limits that would end a long dump or load if gomove's sessions did not set them aside.
func timeLimits(_ context.Context, e *examination) ([]Finding, error) {
	var objects []Object
	look := func(s *mysql.Server) {
		for _, name := range []string{"net_read_timeout", "net_write_timeout", "wait_timeout"} {
			if n := number(s.Facts.Variables[name]); n > 0 && n < shortTimeout(name) {
				objects = append(objects, Object{Name: name + " of the " + s.Options.Label, Detail: fmt.Sprintf("%d s", n)})
			}
		}
		for _, name := range []string{"max_execution_time", "max_statement_time", "idle_transaction_timeout", "idle_readonly_transaction_timeout", "idle_write_transaction_timeout"} {
			if v, err := strconv.ParseFloat(s.Facts.Variables[name], 64); err == nil && v > 0 {
				objects = append(objects, Object{Name: name + " of the " + s.Options.Label, Detail: s.Facts.Variables[name]})
			}
		}
	}
	look(e.Source)
	if e.Target != nil {
		look(e.Target)
	}
	return found(objects, Finding{
		Severity: Note, What: "short time limits", Why: "they would end long statements or idle snapshots (errors 2013, 3024, 1969, 4031)",
		Fix: "nothing is needed: gomove's sessions set them aside; other tools do not",
	}), nil
}

// shortTimeout is from where a limit is no longer short, in seconds: below what servers come with.
func shortTimeout(name string) int64 {
	if name == "net_read_timeout" {
		return 30
	}
	return 60
}

// localInfile finds a target that takes no LOAD DATA LOCAL.
func localInfile(_ context.Context, e *examination) ([]Finding, error) {
	if e.Target.Facts.LocalInfile {
		return nil, nil
	}
	return []Finding{{
		Severity: Warning, What: "the target has local_infile=OFF", Why: "the load falls back to INSERT statements, which take longer (errors 3948, 1148 of other tools)",
		Fix: e.setting(e.Target, "local_infile", "1"),
	}}, nil
}

// s3Role finds an Aurora that has no role for S3.
func s3Role(_ context.Context, e *examination) ([]Finding, error) {
	v := e.Target.Facts.Variables
	if e.Target.Facts.Product != mysql.Aurora || v["aws_default_s3_role"] != "" || v["aurora_load_from_s3_role"] != "" {
		return nil, nil
	}
	return []Finding{{
		Severity: Note, What: "the cluster has no role for S3", Why: "LOAD DATA FROM S3 fails without one (errors 63985, 1871); gomove reads dumps from S3 itself and needs none",
		Fix: "for LOAD DATA FROM S3: attach an IAM role to the cluster and name it in aws_default_s3_role",
	}}, nil
}

// writable finds a target that takes no writes, or that gets its rows from another server.
func writable(ctx context.Context, e *examination) ([]Finding, error) {
	if e.Target.Facts.ReadOnly {
		return []Finding{{
			Severity: Error, What: "the target is read only", Why: "it is a replica, an Aurora reader, or has read_only set (error 1290)",
			Fix: "give the cluster's writer endpoint, or SET GLOBAL read_only=OFF where nothing else writes to it",
		}}, nil
	}
	status, err := replicaStatus(ctx, e.Target)
	if mysql.IsDenied(err) { // a load needs no such right
		return nil, nil
	}
	if err != nil || status == nil {
		return nil, err
	}
	return []Finding{{
		Severity: Warning, What: "the target is set up as a replica of " + status.First("source_host", "master_host"),
		Why: "what it replicates and what is loaded would mix", Fix: "load before replication is configured, or stop it: STOP REPLICA (STOP SLAVE)",
	}}, nil
}

// space tells what a large load needs.
func space(ctx context.Context, e *examination) ([]Finding, error) {
	details, err := e.tableDetails(ctx)
	if err != nil {
		return nil, err
	}
	var all, largest int64
	for _, d := range details {
		all, largest = all+d.bytes, max(largest, d.bytes)
	}
	if all < e.limits.space {
		return nil, nil
	}
	what := fmt.Sprintf("the tables take %s with their indexes, the largest %s", progress.Bytes(all), progress.Bytes(largest))
	if e.Target.Facts.LogBin {
		what += "; the target writes a binary log, which grows by about the size of the rows"
	}
	return []Finding{{
		Severity: Note, What: what, Why: "SQL does not tell how much room the target has: a full disk ends the load (errors 28, 1114)",
		Fix: "see that the target has that much, once more for its binary log where it writes one, and temporary space for the indexes of the tables that are built at once (-t)",
	}}, nil
}
