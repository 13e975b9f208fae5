package mysql

import (
	"strings"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
)

func TestAuroraS3Of(t *testing.T) {
	for version, want := range map[string]struct{ grant, parameter string }{
		"1.22.2": {"LOAD FROM S3 ON *.*", "aurora_load_from_s3_role"},
		"2.11.3": {"LOAD FROM S3 ON *.*", "aurora_load_from_s3_role"},
		"3.08.0": {"AWS_LOAD_S3_ACCESS", "aws_default_s3_role"},
		"8.4.7":  {"AWS_LOAD_S3_ACCESS", "aws_default_s3_role"},
		"9.1.0":  {"AWS_LOAD_S3_ACCESS", "aws_default_s3_role"},
	} {
		got := AuroraS3Of(version)
		if !strings.Contains(got.String(), want.grant) || got.Parameters[0] != want.parameter {
			t.Errorf("version %s: %s", version, got)
		}
	}
}

func TestRoleMissing(t *testing.T) {
	old, newer := AuroraS3Of("2.11.3"), AuroraS3Of("3.08.0")
	both := map[string]string{"aurora_load_from_s3_role": "", "aws_default_s3_role": ""}
	if got := old.RoleMissing(both); got != "aurora_load_from_s3_role or aws_default_s3_role" {
		t.Errorf("none named: %q", got)
	}
	if got := old.RoleMissing(map[string]string{"aurora_load_from_s3_role": "arn", "aws_default_s3_role": ""}); got != "" {
		t.Errorf("one named: %q", got)
	}
	if got := newer.RoleMissing(map[string]string{"aurora_load_from_s3_role": "arn", "aws_default_s3_role": ""}); got != "aws_default_s3_role" {
		t.Errorf("the wrong one named: %q", got)
	}
	if got := newer.RoleMissing(map[string]string{}); got != "" {
		t.Errorf("the server tells nothing: %q", got)
	}
}

func TestS3Hints(t *testing.T) {
	for message, want := range map[string]string{
		"S3 API returned error: Both aurora_load_from_s3_role and aws_default_s3_role are not specified, please see documentation for more details": "name an IAM role",
		"S3 API returned error: Missing Credentials: Cannot instantiate S3 Client":                                                                  "not attached",
		"S3 API returned error: Network Connection":                                                                                                 "VPC endpoint",
		"S3 API returned error: Access Denied:Access Denied":                                                                                        "s3:GetObjectVersion",
		"S3 API returned error: something else":                                                                                                     "could not read from S3",
	} {
		for _, number := range []uint16{1871, 63985} {
			err := &mysqldriver.MySQLError{Number: number, Message: message}
			if got := Hint(err); !strings.Contains(got, want) {
				t.Errorf("%q: hint %q", message, got)
			}
			if !IsS3(err) || IsS3Setup(err) == strings.HasSuffix(message, "else") {
				t.Errorf("%q: IsS3 %v, IsS3Setup %v", message, IsS3(err), IsS3Setup(err))
			}
		}
	}
	if IsS3(&mysqldriver.MySQLError{Number: 1062, Message: "Duplicate entry"}) {
		t.Error("a duplicate is taken for an error of S3")
	}
}
