{{- define "jettison.name" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else -}}{{ printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}{{ end -}}
{{- end -}}

{{- define "jettison.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "jettison.labels" -}}
{{ include "jettison.selector" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- /* The configuration: what the values say, under what `config` says. */ -}}
{{- define "jettison.config" -}}
{{- $s3 := dict "bucket" .Values.s3.bucket "region" .Values.s3.region -}}
{{- with .Values.s3.endpoint }}{{ $_ := set $s3 "regionendpoint" . }}{{ $_ := set $s3 "secure" (hasPrefix "https:" .) }}{{ end -}}
{{- if .Values.s3.forcepathstyle }}{{ $_ := set $s3 "forcepathstyle" true }}{{ end -}}
{{- $prometheus := dict "enabled" true "path" "/metrics" -}}
{{- $debug := dict "addr" ":5001" "prometheus" $prometheus -}}
{{- $http := dict "addr" ":5000" "draintimeout" (printf "%ds" (int .Values.drainSeconds)) "debug" $debug -}}
{{- $base := dict "version" 0.1 "http" $http -}}
{{- $_ := set $base "log" (dict "level" "info" "formatter" "json") -}}
{{- $_ := set $base "storage" (dict "s3" $s3) -}}
{{- $_ := set $base "jettison" (dict "database" (dict "url" .Values.database.url)) -}}
{{- mergeOverwrite $base (deepCopy .Values.config) | toYaml -}}
{{- end -}}
