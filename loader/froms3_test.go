package loader

import (
	"context"
	"errors"
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"

	"github.com/gomove/gomove/internal/dump"
	"github.com/gomove/gomove/internal/mysql"
)

func TestLoadStatementFromS3(t *testing.T) {
	one := &table{schema: "shop", name: "or`ders"}
	one.columns, _ = packColumns([]dump.Column{
		{Name: "id", Type: "int", Encoding: dump.Plain}, {Name: "doc", Type: "json", Encoding: dump.UTF8}, {Name: "na`me", Type: "text", Encoding: dump.Bytes},
	})
	got := loadStatement(one, "FROM S3 FILE "+mysql.QuoteString("s3-eu-west-1://bucket/it's/shop.or.00000.csv"))
	want := "LOAD DATA FROM S3 FILE 's3-eu-west-1://bucket/it\\'s/shop.or.00000.csv' INTO TABLE `shop`.`or``ders` " + dump.LoadDataClauses +
		" (`id`,@c2,`na``me`) SET `doc`=CONVERT(@c2 USING utf8mb4)"
	if strings.ReplaceAll(got, "it''s", `it\'s`) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// bucketSource is a dump on S3 of which nothing is read.
type bucketSource struct {
	Source
	manifest dump.Manifest
	place    string
}

func (b *bucketSource) Manifest() *dump.Manifest { return &b.manifest }
func (b *bucketSource) ServerURI(file string) string {
	if b.place == "" {
		return ""
	}
	return b.place + file
}
func (b *bucketSource) FileBytes(context.Context, string) (int64, error) {
	return 0, errors.New("unused")
}

func TestChooseS3(t *testing.T) {
	const place = "s3-us-east-1://b/p/"
	plain := dump.Manifest{ID: "x", Rows: dump.CSV, Compression: dump.None}
	packed, inserts := plain, plain
	packed.Compression, inserts.Rows = dump.Zstd, dump.SQL
	aurora := map[string]string{"aurora_version": "3.08.0", "aws_default_s3_role": "arn:aws:iam::1:role/r"}
	bare := map[string]string{"aurora_version": "3.08.0", "aws_default_s3_role": ""}
	for _, c := range []struct {
		name      string
		via       Via
		manifest  dump.Manifest
		place     string
		variables map[string]string
		want      Via
		says      string // the reason, or the error of --via s3
	}{
		{"all is there", ViaAuto, plain, place, aurora, ViaS3, ""},
		{"asked for", ViaS3, plain, place, aurora, ViaS3, ""},
		{"not asked for", ViaLocalInfile, plain, place, aurora, ViaLocalInfile, ""},
		{"no Aurora", ViaAuto, plain, place, map[string]string{}, ViaLocalInfile, ""},
		{"no Aurora, asked for", ViaS3, plain, place, map[string]string{}, "", "Aurora MySQL's"},
		{"a directory", ViaAuto, plain, "", aurora, ViaLocalInfile, ""},
		{"a directory, asked for", ViaS3, plain, "", aurora, "", "gomove stage"},
		{"compressed", ViaAuto, packed, place, aurora, ViaLocalInfile, "compressed by zstd"},
		{"compressed, asked for", ViaS3, packed, place, aurora, "", "compressed by zstd"},
		{"INSERT statements, asked for", ViaS3, inserts, place, aurora, "", "INSERT statements"},
		{"no role", ViaAuto, plain, place, bare, ViaLocalInfile, "aws_default_s3_role"},
		{"no role, asked for", ViaS3, plain, place, bare, "", "GRANT AWS_LOAD_S3_ACCESS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLoad(Options{From: &bucketSource{manifest: c.manifest, place: c.place}, Via: c.via}.withDefaults())
			l.server = &mysql.Server{Facts: mysql.Facts{Variables: c.variables, LocalInfile: true}}
			err := l.chooseRoute()
			if (err == nil) != (c.want != "") {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v, want %q in it", err, c.says)
				}
				return
			}
			if l.summary.Route != c.want || l.viaS3.Load() != (c.want == ViaS3) || !strings.Contains(l.summary.RouteReason, c.says) {
				t.Errorf("route %s (%s), want %s (%s)", l.summary.Route, l.summary.RouteReason, c.want, c.says)
			}
		})
	}
}

// TestLeaveS3 has a target refuse S3 while rows are loaded: with --via auto they go on over this machine, what may pass is tried again.
func TestLeaveS3(t *testing.T) {
	refused := &mysqldriver.MySQLError{Number: 63985, Message: "S3 API returned error: Missing Credentials: Cannot instantiate S3 Client"}
	passing := &mysqldriver.MySQLError{Number: 63985, Message: "S3 API returned error: SlowDown"}
	for _, via := range []Via{ViaAuto, ViaS3} {
		l := newLoad(Options{Via: via}.withDefaults())
		l.server = &mysql.Server{Facts: mysql.Facts{LocalInfile: true}}
		l.viaS3.Store(true)
		if l.routeRefused(passing) || !passingS3(passing) {
			t.Error("an error that may pass changes the route")
		}
		if got := l.routeRefused(refused); got != (via == ViaAuto) || l.viaS3.Load() == got || passingS3(refused) {
			t.Errorf("--via %s: route refused %v", via, got)
		}
	}
}
