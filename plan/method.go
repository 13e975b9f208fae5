package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gomove/gomove/internal/mysql"
	"github.com/gomove/gomove/internal/progress"
)

// The methods.
const (
	roadCopy       = "copy"
	roadDump       = "dump"
	roadS3         = "s3"
	roadSnapshot   = "snapshot"
	roadXtraBackup = "xtrabackup"
	roadDMS        = "dms"
)

const (
	longCopy   = 4 * 3600  // seconds; a copy of a source that is written to begins anew after an interruption
	physicalAt = 100 << 30 // bytes from which files of the server are worth the trouble
	s3At       = 50 << 30  // bytes
)

// choose weighs the handbook's methods and decides whether the target follows the source after the move.
func (p *planning) choose() {
	follow, why := p.canFollow()
	r := p.report
	longest := r.estimate("load") + r.estimate("dump")
	switch {
	case p.o.Downtime > 0 && longest < p.o.Downtime.Seconds():
		r.Downtime = fmt.Sprintf("with downtime: about %s of the %s that are allowed; without replication there is less that can go wrong", duration(longest), p.o.Downtime)
	case follow:
		r.Following = true
		r.Downtime = "near zero: the target follows the source's binary log after the move, and the applications stand still for the cut-over alone (seconds)"
	default:
		r.Downtime = fmt.Sprintf("with downtime, about %s: %s", duration(longest), why)
	}
	roads := []Road{p.snapshotRoad(), p.xtraBackupRoad(), p.s3Road(), p.copyRoad(), p.dumpRoad(), {
		ID: roadDMS, Name: "AWS DMS", Why: "it is for sources that do not speak MySQL; it leaves secondary indexes, foreign keys, triggers and routines to be made by hand, and applies changes as SQL",
	}}
	best := slices.IndexFunc(roads, func(x Road) bool { return x.Fits })
	chosen := roads[best]
	r.Roads = append([]Road{chosen}, slices.Delete(roads, best, best+1)...)
}

// canFollow reports whether the target can replicate from the source; why says why not.
func (p *planning) canFollow() (ok bool, why string) {
	from := &p.source.Facts
	mariadb := from.Flavor == mysql.MariaDB
	toMariaDB := p.target != nil && p.target.Facts.Flavor == mysql.MariaDB
	format := from.Variables["binlog_format"]
	switch {
	case p.renamed():
		return false, "replication knows the source's names, and --schema-map or --table-map gives others"
	case len(p.o.Selection.Where) > 0:
		return false, "replication brings changes of rows that --where leaves out, too"
	case !from.LogBin:
		return false, "the source has no binary log; " + logOn(from) + " would allow near-zero downtime"
	case format != "" && !strings.EqualFold(format, "ROW"):
		return false, "the source's binlog_format is " + format + "; " + from.SetVariable("binlog_format", "ROW") + " would allow near-zero downtime"
	case from.ServerID == 0:
		return false, "the source's server_id is 0"
	case mariadb && !toMariaDB:
		return false, "MySQL and Aurora cannot follow MariaDB"
	}
	return true, ""
}

func logOn(f *mysql.Facts) string {
	if f.Product == mysql.RDS {
		return "automated backups"
	}
	if f.Product == mysql.Aurora {
		return "binlog_format=ROW in the cluster's parameter group"
	}
	return "log_bin in its option file"
}

// toAurora reports a move into Aurora, which a plan without a target is for.
func (p *planning) toAurora() bool { return p.target == nil || p.target.Facts.Product == mysql.Aurora }

// all reports that everything of the source is moved.
func (p *planning) all() bool {
	s := &p.o.Selection
	return len(s.Schemas)+len(s.Tables)+len(s.ExcludeSchemas)+len(s.ExcludeTables)+len(s.Where) == 0
}

// physical says what keeps a method that restores the server's files from being used; "" for nothing.
func (p *planning) physical() string {
	switch {
	case !p.toAurora():
		return "the target is not Aurora"
	case p.target != nil:
		return "it makes a new cluster, and the target is there already"
	case p.renamed():
		return "it keeps all names, and others were asked for"
	case !p.all():
		return "it moves the whole server, and a part was selected"
	case p.source.Facts.Flavor == mysql.MariaDB:
		return "Aurora does not read MariaDB's files"
	}
	return ""
}

func (p *planning) snapshotRoad() Road {
	r := Road{ID: roadSnapshot, Name: "RDS snapshot migration", Why: p.physical()}
	f := &p.source.Facts
	switch {
	case r.Why != "":
	case f.Product != mysql.RDS:
		r.Why = "the source is not RDS for MySQL"
	case f.Number < 50600:
		r.Why = "the source is older than 5.6: upgrade it first"
	default:
		r.Fits = true
		r.Why = "the fastest and easiest: the storage itself becomes the cluster's"
	}
	r.Conditions = []string{
		"RDS for MySQL 5.6 by the handbook; for later versions Aurora must offer their release: the console's \"Create Aurora read replica\" and \"Migrate snapshot\" show it",
		"no table above 16 TB; MyISAM and compressed tables up to 8 TB, and they are converted on the way",
	}
	return r
}

func (p *planning) xtraBackupRoad() Road {
	r := Road{ID: roadXtraBackup, Name: "Percona XtraBackup by way of S3", Why: p.physical()}
	f := &p.source.Facts
	switch {
	case r.Why != "":
	case f.Product.Managed():
		r.Why = "the source's files are out of reach on a managed server"
	case f.Number < 50500 || f.Number >= 50800:
		r.Why = "it is for MySQL 5.5 and 5.6 (5.7 with XtraBackup 2.4)"
	case p.report.Size.Bytes < physicalAt:
		r.Why = fmt.Sprintf("worth the trouble from about %s on; here are %s", progress.Bytes(physicalAt), progress.Bytes(p.report.Size.Bytes))
	default:
		r.Fits = true
		r.Why = "the server's files are restored, with no SQL and no index to be built"
	}
	r.Conditions = []string{
		"administrator on the source's machine; one server becomes one new cluster, of the same region as the bucket",
		"data directory in its default place, innodb_page_size 16 KB, one ibdata file (ibdata1:12M:autoextend), two log files; no partial or encrypted backup",
		"at most 1,000,000 files of 5 TB; not into Aurora Serverless; accounts, routines and the time zone tables do not come along",
	}
	return r
}

func (p *planning) s3Road() Road {
	r := Road{ID: roadS3, Name: "dump to S3, loaded by Aurora itself (LOAD DATA FROM S3)"}
	r.Conditions = []string{"a bucket in the cluster's region, and a role of the cluster that may read it (`gomove check` and `gomove load` name what is missing)"}
	switch {
	case !p.toAurora():
		r.Why = "the target is not Aurora"
	case p.target != nil && mysql.AuroraS3Of(p.target.Facts.AuroraVersion()).RoleMissing(p.target.Facts.Variables) != "":
		r.Why = "the cluster has no role for S3"
	case p.report.Size.Bytes < s3At:
		r.Why = fmt.Sprintf("for %s and more, or where no machine stands near the cluster; here are %s", progress.Bytes(s3At), progress.Bytes(p.report.Size.Bytes))
	default:
		r.Fits = true
		r.Why = "the rows go from S3 into the cluster past any client, and a load that is interrupted carries on from the same dump"
	}
	return r
}

func (p *planning) copyRoad() Road {
	r := Road{ID: roadCopy, Name: "copy from server to server"}
	r.Conditions = []string{"one machine that reaches both servers, near the target, on a network that holds; nothing is stored in between"}
	seconds := p.report.estimate("dump") + p.report.estimate("load")
	switch {
	case p.target == nil:
		r.Why = "it needs both servers at once: give --target when the cluster is there"
	case seconds > longCopy:
		r.Why = fmt.Sprintf("it would take about %s, and of a source that is written to it begins anew after an interruption", duration(seconds))
	default:
		r.Fits = true
		r.Why = "one step, no files, and short enough to be done again"
	}
	return r
}

func (p *planning) dumpRoad() Road {
	r := Road{ID: roadDump, Name: "dump to files, and load them", Fits: true}
	r.Why = "dump and load are apart: each carries on after an interruption, the dump stays as a backup, and the files (CSV) can be looked at and taken by other systems"
	r.Conditions = []string{fmt.Sprintf("room for about %s of files (a third and less with zstd)", progress.Bytes(p.report.Size.Bytes)), "the machine that loads stands near the target"}
	return r
}

// duration is a time for people.
func duration(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", seconds)
	case d < time.Hour:
		return d.Round(time.Second).String()
	}
	return strings.TrimSuffix(d.Round(time.Minute).String(), "0s")
}
