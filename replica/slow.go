package replica

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gomove/gomove/internal/mysql"
)

// measures are the migration handbook's for a slow replica, each with whether it applies to these servers.
func (e *ends) measures(ctx context.Context) ([]Measure, error) {
	rows, err := mysql.QueryNamed(ctx, e.target.DB(), "SHOW GLOBAL VARIABLES")
	if err != nil {
		return nil, err
	}
	v := map[string]string{}
	for _, r := range rows {
		v[strings.ToLower(r.Text("variable_name"))] = r.Text("value")
	}
	first := func(names ...string) (string, string) {
		for _, n := range names {
			if value, ok := v[n]; ok {
				return n, value
			}
		}
		return "", ""
	}
	var out []Measure
	add := func(measure string, applies bool, why string) { out = append(out, Measure{measure, applies, why}) }
	name, updates := first("log_replica_updates", "log_slave_updates")
	on := v["log_bin"] == "ON" && updates == "ON"
	add("no binary log on the target", on, "log_bin is "+v["log_bin"]+", "+name+" "+updates)
	add("no query logs on the target", v["general_log"] == "ON" || v["slow_query_log"] == "ON", "general_log is "+v["general_log"]+", slow_query_log "+v["slow_query_log"])
	format := "unknown: --source tells"
	if e.source != nil {
		format = e.source.Facts.Variables["binlog_format"]
	}
	add("binlog_format ROW on the source", e.source != nil && format != "ROW", "it is "+format)
	flush := v["innodb_flush_log_at_trx_commit"]
	_, sync := first("sync_binlog")
	add("innodb_flush_log_at_trx_commit 0 or 2 on the target, until the cut-over", flush == "1", "it is "+flush+", and sync_binlog "+sync+": many small transactions each wait for the disk")
	name, workers := first("replica_parallel_workers", "slave_parallel_workers", "slave_parallel_threads")
	n, _ := strconv.Atoi(workers)
	add("appliers in parallel", n <= 1, name+" is "+workers+": MySQL 5.6 works on schemas in parallel, later versions and MariaDB on transactions")
	return out, nil
}

var lockStates = pattern(`(?i)waiting for (table metadata|global read|commit|backup|schema metadata|stored \w+ metadata|trigger metadata|table level|user) lock|waiting for table flush|waiting for release of readlock`)

// blocked finds an applier that waits for a lock in both readings, and who has it.
func (e *ends) blocked(ctx context.Context, r *Report, first, last reading, moved bool) (bool, error) {
	if moved {
		return false, nil
	}
	for _, a := range last.appliers {
		row := last.transactions[a.id].Waits && first.transactions[a.id].Waits
		meta := lockStates().MatchString(a.state) && first.stateOf(a.id) == a.state
		if !row && !meta {
			continue
		}
		r.Verdict, r.Why = Blocked, "an applying thread waits for a lock that somebody holds on the target"
		r.say("thread %d, for %d s: %s %s", a.id, a.time, a.state, a.info)
		holders, err := e.holders(ctx, a, row, last)
		if err != nil {
			return true, err
		}
		for _, h := range holders {
			r.say("%s", h.text)
			if h.kill {
				r.advise("have connection %d end its transaction, or KILL %d", h.thread, h.thread)
			}
		}
		if len(r.Do) == 0 {
			r.advise("find who holds the lock: SHOW PROCESSLIST, LOCK TABLES and FLUSH TABLES WITH READ LOCK of backups, transactions that are left open")
		}
		return true, nil
	}
	return false, nil
}

func (r reading) stateOf(id uint64) string {
	for _, a := range r.appliers {
		if a.id == id {
			return a.state
		}
	}
	return ""
}

// holder is a session that holds a lock, or may.
type holder struct {
	thread uint64
	text   string
	kill   bool
}

// holders asks the server; where it does not tell, the sessions with an open transaction or an explicit lock are all that is known.
func (e *ends) holders(ctx context.Context, a applier, row bool, last reading) ([]holder, error) {
	query := fmt.Sprintf("SELECT t.OWNER_THREAD_ID AS n, p.PROCESSLIST_ID AS id, p.PROCESSLIST_USER AS user, p.PROCESSLIST_HOST AS host, p.PROCESSLIST_TIME AS time FROM performance_schema.metadata_locks w"+
		" JOIN performance_schema.threads me ON me.THREAD_ID=w.OWNER_THREAD_ID AND me.PROCESSLIST_ID=%d"+
		" JOIN performance_schema.metadata_locks t ON t.OBJECT_TYPE=w.OBJECT_TYPE AND t.OBJECT_SCHEMA<=>w.OBJECT_SCHEMA AND t.OBJECT_NAME<=>w.OBJECT_NAME AND t.LOCK_STATUS='GRANTED'"+
		" JOIN performance_schema.threads p ON p.THREAD_ID=t.OWNER_THREAD_ID WHERE w.LOCK_STATUS='PENDING' AND t.OWNER_THREAD_ID<>w.OWNER_THREAD_ID", a.id)
	if row {
		query = fmt.Sprintf("SELECT b.trx_mysql_thread_id AS id FROM information_schema.INNODB_LOCK_WAITS w JOIN information_schema.INNODB_TRX b ON b.trx_id=w.blocking_trx_id"+
			" JOIN information_schema.INNODB_TRX r ON r.trx_id=w.requesting_trx_id WHERE r.trx_mysql_thread_id=%d", a.id)
		if e.target.Facts.AtLeast(mysql.MySQL, 80000) {
			query = fmt.Sprintf("SELECT b.trx_mysql_thread_id AS id FROM performance_schema.data_lock_waits w JOIN information_schema.INNODB_TRX b ON b.trx_id=w.BLOCKING_ENGINE_TRANSACTION_ID"+
				" JOIN information_schema.INNODB_TRX r ON r.trx_id=w.REQUESTING_ENGINE_TRANSACTION_ID WHERE r.trx_mysql_thread_id=%d", a.id)
		}
	}
	rows, err := mysql.QueryNamed(ctx, e.target.DB(), query)
	if err != nil && !mysql.IsDenied(err) && !mysql.IsUnknown(err) && mysql.Number(err) != errNoTable {
		return nil, fmt.Errorf("who holds the lock: %w", err)
	}
	var out []holder
	sure := len(rows) > 0
	for _, r := range rows {
		id, _ := strconv.ParseUint(r.Text("id"), 10, 64)
		out = append(out, holder{thread: id, kill: true})
	}
	if !sure {
		for id, t := range last.transactions {
			if id != a.id && id != 0 && !t.Waits && last.stateOf(id) == "" {
				out = append(out, holder{thread: id, kill: true})
			}
		}
	}
	for i := range out {
		out[i].text = last.sessionText(out[i].thread, sure)
	}
	return out, nil
}

func (r reading) sessionText(id uint64, sure bool) string {
	what := "may hold it: it has a transaction open"
	if sure {
		what = "holds it"
	}
	s := fmt.Sprintf("connection %d %s", id, what)
	if t := r.transactions[id]; t.Thread != 0 {
		s += fmt.Sprintf(", for %d s, with %d changes", t.Age, t.Modified)
	}
	thread := strconv.FormatUint(id, 10)
	i := slices.IndexFunc(r.processes, func(p mysql.Named) bool { return p.Text("id") == thread })
	if i < 0 {
		return s
	}
	p := r.processes[i]
	return s + fmt.Sprintf(": %s@%s %s %s", p.Text("user"), p.Text("host"), p.Text("command"), p.Text("info"))
}
