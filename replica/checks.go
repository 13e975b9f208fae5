package replica

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
)

// Finding is what was found before replication begins.
type Finding struct {
	Stops bool   `json:"stops"` // replication cannot begin, or would be wrong
	What  string `json:"what"`
	Fix   string `json:"fix,omitempty"`
}

func stops(what, fix string) Finding { return Finding{true, what, fix} }

func warns(what, fix string) Finding { return Finding{false, what, fix} }

// examine looks at the servers, and whether the place is still in the source's log.
func (s *starting) examine(ctx context.Context) ([]Finding, error) {
	out := s.checkSettings()
	if !s.e.source.Facts.LogBin {
		return out, nil
	}
	for _, look := range []func(context.Context) ([]Finding, error){s.checkPlace, s.checkLogged, s.checkFollowed, s.checkCopies, s.checkRetention, s.checkMissing, s.checkGrants} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}

func (s *starting) checkSettings() (out []Finding) {
	from, to := &s.e.source.Facts, &s.e.target.Facts
	fix := func(self, managed string) string {
		if from.Product.AWS() {
			return managed
		}
		return self
	}
	if !from.LogBin {
		return append(out, stops("the source's binary log is off", fix("log_bin=NAME in the source's option file, restart it, and copy again", "on RDS switch automated backups on; on Aurora set binlog_format=ROW in the cluster's parameter group, reboot; and copy again")))
	}
	if v := from.Variables["binlog_format"]; v != "" && !strings.EqualFold(v, "ROW") {
		out = append(out, stops("the source's binlog_format is "+v+": statements may have another result on the target",
			fix("SET GLOBAL binlog_format=ROW on the source, have the applications connect again, and copy again", "set binlog_format=ROW in the parameter group, and copy again")))
	}
	if from.ServerID == 0 {
		out = append(out, stops("the source's server_id is 0: it serves no replica", "SET GLOBAL server_id=1 on the source, and in its option file"))
	}
	if to.ServerID == 0 {
		out = append(out, stops("the target's server_id is 0: it cannot be a replica", "SET GLOBAL server_id=2 on the target, and in its option file"))
	}
	if from.ServerID == to.ServerID && from.ServerID != 0 {
		out = append(out, stops(fmt.Sprintf("source and target have the same server_id %d", from.ServerID), "SET GLOBAL server_id="+strconv.FormatUint(from.ServerID+1, 10)+" on the target, and in its option file"))
	}
	if from.UUID != "" && from.UUID == to.UUID {
		out = append(out, stops("source and target have the same server_uuid "+from.UUID+": one is a file copy of the other, or they are one server", "stop the target, remove auto.cnf from its data directory, start it"))
	}
	if a, b := from.MaxAllowedPacket, packetOf(to); b > 0 && a > b {
		out = append(out, warns(fmt.Sprintf("max_allowed_packet is %d on the source and %d on the target: a larger row stops replication (error 1236 or 1153)", a, b), fmt.Sprintf("SET GLOBAL max_allowed_packet=%d on the target", a)))
	}
	if from.Flavor != mysql.MariaDB && strings.EqualFold(from.Variables["binlog_transaction_compression"], "ON") && !to.AtLeast(mysql.MySQL, 80020) {
		out = append(out, stops("the source compresses its binary log, which the target cannot read", "SET GLOBAL binlog_transaction_compression=OFF on the source, and copy again"))
	}
	if from.Flavor == mysql.MariaDB && to.Flavor != mysql.MariaDB && strings.EqualFold(from.Variables["log_bin_compress"], "ON") {
		out = append(out, stops("the source compresses its binary log, which the target cannot read", "SET GLOBAL log_bin_compress=OFF on the source, and copy again"))
	}
	return append(out, s.checkPair()...)
}

// packetOf is what a replica takes: it has a limit of its own.
func packetOf(f *mysql.Facts) int {
	for _, name := range []string{"replica_max_allowed_packet", "slave_max_allowed_packet"} {
		if n, err := strconv.Atoi(f.Variables[name]); err == nil {
			return n
		}
	}
	return f.MaxAllowedPacket
}

// checkPair finds servers that do not replicate to each other, as pairs of them were seen to do or not.
func (s *starting) checkPair() (out []Finding) {
	from, to := &s.e.source.Facts, &s.e.target.Facts
	const quiet = "move with the source read-only, or to a target that can follow it"
	switch {
	case from.Flavor == mysql.MariaDB && to.Flavor != mysql.MariaDB:
		return append(out, stops("MySQL cannot follow MariaDB: MySQL 9.7 stops at its events (error 13121), and MySQL 5.6 passes over the rows without an error", quiet))
	case from.Flavor == mysql.MariaDB:
		return nil
	case from.AtLeast(mysql.MySQL, 90000) && !to.AtLeast(mysql.MySQL, 80000):
		return append(out, stops("the target cannot log in to MySQL 9, which has no mysql_native_password any more (error 2059)", quiet))
	case to.Flavor == mysql.MariaDB && from.AtLeast(mysql.MySQL, 50700):
		return append(out, warns("MariaDB was seen to follow MySQL 5.6, and not tried with later versions", "gomove verify before the cut-over"))
	case to.Flavor == mysql.MariaDB:
		return nil
	case from.Number/100 > to.Number/100:
		out = append(out, warns(fmt.Sprintf("the target (%s) is older than the source (%s): its makers do not support that", to.Version, from.Version), "gomove verify before the cut-over"))
	}
	return append(out, s.checkGTIDModes()...)
}

// checkGTIDModes is for two MySQL servers.
func (s *starting) checkGTIDModes() []Finding {
	from, to := &s.e.source.Facts, &s.e.target.Facts
	has := strings.HasPrefix(strings.ToUpper(from.Variables["gtid_mode"]), "ON")
	mode := strings.ToUpper(to.Variables["gtid_mode"])
	switch {
	case has && (mode == "" || mode == "OFF"):
		fix := "SET GLOBAL gtid_mode=OFF_PERMISSIVE on the target"
		if !to.AtLeast(mysql.MySQL, 50706) {
			fix = "gtid_mode=ON, enforce_gtid_consistency=ON, log_bin and log_slave_updates in the target's option file, and restart it"
		}
		return []Finding{stops("the source's transactions have GTIDs, and the target's gtid_mode is OFF (error 1593)", fix)}
	case !has && mode == "ON" && to.AtLeast(mysql.MySQL, 80023) && from.AtLeast(mysql.MySQL, 50700):
		return nil // it gives them some
	case !has && mode == "ON":
		fix := "SET GLOBAL gtid_mode=ON_PERMISSIVE on the target"
		if !to.AtLeast(mysql.MySQL, 50706) {
			fix = "gtid_mode=OFF in the target's option file, and restart it"
		}
		return []Finding{stops("the source's transactions have no GTIDs, and the target's gtid_mode is ON (errors 1593, 1782)", fix)}
	}
	return nil
}

// checkPlace finds a place that the source's log no longer has.
func (s *starting) checkPlace(ctx context.Context) ([]Finding, error) {
	const again = "copy again, and have the source keep its binary logs for longer than a copy and its replication take"
	if s.by == ByGTID && !s.e.speak.mariadb {
		lost, err := word(ctx, s.e.source, "SELECT GTID_SUBTRACT(@@GLOBAL.gtid_purged, "+quote(s.place.GTIDSet)+")")
		if err != nil {
			return nil, err
		}
		if lost != "" {
			return []Finding{stops("the source has purged transactions that the target needs (error 1236): "+oneLine(lost), again)}, nil
		}
		return nil, nil
	}
	if s.place.File == "" {
		return nil, nil
	}
	files, err := logFiles(ctx, s.e.source)
	if mysql.IsDenied(err) {
		return []Finding{warns("the account may not list the source's binary logs: whether "+s.place.File+" is still there was not checked", "GRANT REPLICATION CLIENT ON *.* to it")}, nil
	}
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(files, func(f logFile) bool { return f.name == s.place.File })
	switch {
	case i < 0 && len(files) == 0:
		return []Finding{stops("the source has no binary logs", again)}, nil
	case i < 0:
		return []Finding{stops(fmt.Sprintf("the source no longer has %s (error 1236); it has %s to %s", s.place.File, files[0].name, files[len(files)-1].name), again)}, nil
	case files[i].size < s.place.Position:
		return []Finding{stops(fmt.Sprintf("position %d is behind the end of %s, which has %d bytes: the source has crashed, or its log was reset (error 1236)", s.place.Position, s.place.File, files[i].size), "copy again")}, nil
	case files[i].size > s.place.Position:
		rows, err := mysql.QueryNamed(ctx, s.e.source.DB(), fmt.Sprintf("SHOW BINLOG EVENTS IN %s FROM %d LIMIT 1", quote(s.place.File), s.place.Position))
		later := len(rows) > 0 && rows[0].Text("pos") != strconv.FormatUint(s.place.Position, 10) // MySQL 9.7 shows the next one
		if mysql.Number(err) == errNoEvent || later {
			return []Finding{stops(fmt.Sprintf("at %s:%d no event begins: the source's log was reset, or this is the place in another server's log", s.place.File, s.place.Position), "copy again")}, nil
		}
		if err != nil && !mysql.IsDenied(err) {
			return nil, fmt.Errorf("SHOW BINLOG EVENTS: %w", err)
		}
	}
	return nil, nil
}

const errNoEvent = 1220

// checkRetention finds logs that go away sooner than the target may need them.
func (s *starting) checkRetention(ctx context.Context) ([]Finding, error) {
	need := 24 * time.Hour
	if !s.place.Taken.IsZero() {
		need = max(need, 2*time.Since(s.place.Taken))
	}
	v := s.e.source.Facts.Variables
	kept := time.Duration(0)
	fix := ""
	if n, _ := strconv.ParseInt(v["binlog_expire_logs_seconds"], 10, 64); n > 0 {
		kept, fix = time.Duration(n)*time.Second, "SET GLOBAL binlog_expire_logs_seconds="
	} else if n, _ := strconv.ParseFloat(v["expire_logs_days"], 64); n > 0 {
		kept, fix = time.Duration(n*24)*time.Hour, "SET GLOBAL expire_logs_days="
	}
	if rows, err := mysql.QueryNamed(ctx, s.e.source.DB(), "SELECT value FROM mysql.rds_configuration WHERE name='binlog retention hours'"); err == nil && len(rows) > 0 {
		hours, _ := strconv.ParseInt(rows[0].Text("value"), 10, 64)
		if want := int64(need.Hours()) + 1; hours < want {
			return []Finding{warns("the source, on RDS, removes its binary logs after "+rows[0].Text("value")+" hours (none: as soon as it can)", fmt.Sprintf("CALL mysql.rds_set_configuration('binlog retention hours', %d) on the source", want))}, nil
		}
		return nil, nil
	}
	if kept == 0 || kept >= need {
		return nil, nil
	}
	want := strconv.FormatInt(int64(2*need.Seconds()), 10)
	if strings.Contains(fix, "days") {
		want = strconv.FormatInt(int64(2*need.Hours()/24), 10)
	}
	return []Finding{warns(fmt.Sprintf("the source removes its binary logs after %s, and replication may need them for %s", kept, need.Round(time.Minute)), fix+want+" on the source")}, nil
}

const allSchemas = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('mysql','information_schema','performance_schema','sys','gomove')"

// checkMissing finds schemas whose changes the target could not apply.
func (s *starting) checkMissing(ctx context.Context) ([]Finding, error) {
	there, err := mysql.NameSet(ctx, s.e.target.DB(), allSchemas)
	if err != nil {
		return nil, err
	}
	all, err := mysql.Column(ctx, s.e.source.DB(), allSchemas)
	if err != nil {
		return nil, err
	}
	var missing, filters []string
	for _, name := range all {
		if !there[strings.ToLower(name)] && !s.o.ignores(name) {
			missing = append(missing, name)
			filters = append(filters, "--exclude-schema "+name)
		}
	}
	if len(missing) == 0 {
		return nil, nil
	}
	what := "the target lacks schemas of the source: " + strings.Join(missing, ", ")
	if s.o.AllowMissing {
		return []Finding{warns(what, "none is needed where they were created after the copy: their CREATE DATABASE comes by replication")}, nil
	}
	return []Finding{stops(what+": their changes stop replication (error 1146)",
		strings.Join(filters, " ")+" has the target ignore them; --allow-missing goes on, where they were created after the copy")}, nil
}

// checkGrants finds an account that cannot be created because the user names one that is not there.
func (s *starting) checkGrants(ctx context.Context) ([]Finding, error) {
	if s.o.User == "" || s.o.Password == "" {
		return nil, nil
	}
	o := s.e.source.Options
	o.User, o.Password = s.o.User, s.o.Password
	c, err := mysql.Connect(ctx, o, mysql.ForDump)
	if err == nil {
		return nil, c.Close()
	}
	if ctx.Err() != nil {
		return nil, err
	}
	return []Finding{warns("the replication account does not log in from here: "+err.Error(), "it needs to from the target's host, which was not tried")}, nil
}
